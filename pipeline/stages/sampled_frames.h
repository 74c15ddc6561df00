// Reads two frames per second of videos that are prepared or packed in shards.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace reel3d {

class SampledFrames {
 public:
  using Use = std::function<void(int frame_index, const uint8_t* jpeg, size_t size_bytes)>;

  // Opens a folder of pack-shards or prep-videos. Throws an input error if `folder` is neither.
  static std::unique_ptr<SampledFrames> Open(const std::filesystem::path& folder);
  virtual ~SampledFrames() = default;

  virtual bool Has(const std::string& id) const = 0;
  // Calls `use` for the frames that SampledFrame() selects, in order. Any thread may call it.
  // Throws an input error if the video or one of its frames is damaged. A video that states no
  // frame rate counts as 25 frames per second.
  virtual void Read(const std::string& id, const Use& use) const = 0;
};

}  // namespace reel3d
