// The distance between the windows into which a tool cuts each video.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/base/option_binder.h"

namespace reel3d {

struct WindowStride {
  int frames = 0;  // counted after striding; 0: the clip's length

  // Binds --window-stride.
  void Bind(OptionBinder& binder) {
    binder.Bind("window-stride", &frames, {0, 100'000},
                "frames from the start of one window (clip) of a video to the start of the next. "
                "0: the clip's length, so that windows do not overlap");
  }

  // Returns the stride for clips of `clip_length` frames.
  int For(int clip_length) const { return frames > 0 ? frames : clip_length; }
};

}  // namespace reel3d
