// Converts frame numbers that bound a part of a video to times.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

namespace reel3d {

struct FrameTimes {
  double begin_s, end_s;
};

// Returns the times that bound frames [begin, end), which count from 0. Both times lie half a frame
// before a frame, so that rounding neither adds nor loses a frame.
inline FrameTimes TimesOfFrames(int64_t begin, int64_t end, double frames_per_second) {
  const auto time = [&](int64_t frame) {
    return std::max(0.0, (static_cast<double>(frame) - 0.5) / frames_per_second);
  };
  return {time(begin), time(end)};
}

}  // namespace reel3d
