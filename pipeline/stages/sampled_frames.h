// Hands out two frames a second of stored videos, prepared or packed in shards.
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

  // `folder` is what pack-shards or prep-videos wrote. Throws an input error if it is neither.
  static std::unique_ptr<SampledFrames> Open(const std::filesystem::path& folder);
  virtual ~SampledFrames() = default;

  virtual bool Has(const std::string& id) const = 0;
  // Calls `use` for the frames of SampledFrame(), in order. Any thread. Throws an input error if
  // the video or one of its frames is damaged. A video that states no frame rate is taken to
  // have 25.
  virtual void Read(const std::string& id, const Use& use) const = 0;
};

}  // namespace reel3d
