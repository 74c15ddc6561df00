// One video of prep-videos: decoded, turned, scaled, encoded, written and read back.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "lib/video/frame_pacer.h"
#include "lib/video/frame_scaler.h"
#include "lib/video/video_decoder.h"

namespace reel3d {

struct PrepareRequest {
  std::string source, target;
  VideoPart part;
  std::string made_from;   // stands in the target
  int height = 0;          // pixels, even; 0: by short_side
  int short_side = 0;      // pixels, even
  int quality = 0;         // of the JPEG frames, 1 to 100
  bool even_rate = false;  // as many frames a second throughout; else each at its own time
  FrameRate rate;          // the even one; 0/1: the video's average
  Interlaced interlaced = Interlaced::kField;
};

// Writes `target`, which has been read back from the disk as it was written when this returns.
// `on_frame` is called at least once for each frame that is decoded or read back, with the number
// of those encoded so far. Throws an input error where the video is none or has no frames; one that
// is truncated is for the caller to judge.
DecodeSummary PrepareVideo(const PrepareRequest& request,
                           const std::function<void(int64_t num_frames)>& on_frame);

}  // namespace reel3d
