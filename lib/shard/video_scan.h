// Collects what a shard's table says about one video, from the video's frames in order.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/shard/shard_format.h"

namespace reel3d {

class VideoScan {
 public:
  // `video` is complete except for the restart interval, which is taken from the frames.
  explicit VideoScan(ShardVideo video) : video_(std::move(video)) {}

  // Throws an input error that names the frame's number if `jpeg` is not a baseline 4:2:0 JPEG of
  // the video's size.
  void AddFrame(const std::vector<uint8_t>& jpeg);

  const ShardVideo& video() const { return video_; }
  const std::vector<StoredFrame>& frames() const { return frames_; }
  uint32_t quality() const { return quality_; }  // 0: unknown, or frames differ

 private:
  ShardVideo video_;
  uint32_t quality_ = 0;
  std::vector<StoredFrame> frames_;
};

// Returns the table of a shard that holds these videos, in order.
ShardTable MakeTable(const std::vector<VideoScan>& scans, const std::vector<std::string>& classes);

}  // namespace reel3d
