// Joins the class maps of a video's windows to heat for each of its frames.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "lib/data/clip_sampler.h"
#include "lib/infer/class_maps.h"

namespace reel3d {

class VideoHeat {
 public:
  // `stride` is ClipShape::stride: a frame between two frames of a window counts as the first one.
  // `most_bytes` is the memory that the heat may take. `rule` says where maps lie in time.
  VideoHeat(int num_frames, int stride, int64_t most_bytes,
            PlaceRule rule = PlaceRule::kEqualParts);

  // Adds the map (T', H', W') of a window. All maps have one size. A frame that several windows
  // show gets the mean of their maps. Repeated frames of a short window do not count twice.
  // The first call throws an input error if the heat of all frames would take more than most_bytes.
  void Add(const Clip& window, const at::Tensor& map);

  // Returns float32 (frames, H', W') on the CPU, from 0 to 1: the values that speak for the class,
  // as shares of the highest one in the video. Values that speak against the class, and frames that
  // no window shows, have 0. Requires a window. Throws an input error if a value is not finite.
  // This object has no heat afterwards: the tensor is its memory.
  at::Tensor TakeHeat();

  // Returns the mean heat of each frame, as shares of the highest frame.
  static std::vector<float> OverTime(const at::Tensor& heat);

 private:
  void MakeRoom(int64_t height, int64_t width);

  int num_frames_, stride_;
  int64_t most_bytes_;
  PlaceRule rule_;
  at::Tensor sums_;    // (frames, H', W')
  at::Tensor counts_;  // (frames, 1, 1): windows that show the frame
};

}  // namespace reel3d
