// Joins the class maps of a video's windows to heat for each of its frames.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "lib/data/clip_sampler.h"

namespace reel3d {

class VideoHeat {
 public:
  // `stride` is ClipShape::stride: a frame between two frames of a window counts as the first one.
  VideoHeat(int num_frames, int stride);

  // Adds the map (T', H', W') of a window. All maps have one size. A frame that several windows
  // show gets the mean of their maps. Repeated frames of a short window do not count twice.
  void Add(const Clip& window, const at::Tensor& map);

  // Returns float32 (frames, H', W') on the CPU, from 0 to 1: the values that speak for the class,
  // as shares of the highest one in the video. Values that speak against the class, and frames that
  // no window shows, have 0. Requires a window.
  at::Tensor Heat() const;

  // Returns the mean heat of each frame, as shares of the highest frame.
  static std::vector<float> OverTime(const at::Tensor& heat);

 private:
  int num_frames_, stride_;
  at::Tensor sums_;    // (frames, H', W')
  at::Tensor counts_;  // (frames, 1, 1): windows that show the frame
};

}  // namespace reel3d
