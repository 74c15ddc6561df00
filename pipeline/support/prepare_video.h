// Prepares one video: decodes, turns, scales and encodes its frames, and writes and checks a file.
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
  std::string made_from;   // is recorded in the target
  int height = 0;          // pixels, even; 0: by short_side
  int short_side = 0;      // pixels, even
  int quality = 0;         // of the JPEG frames, 1 to 100
  bool even_rate = false;  // true: a constant frame rate; false: each frame at its own time
  FrameRate rate;          // the constant rate; 0/1: the video's average
  Interlaced interlaced = Interlaced::kField;
};

// Writes `target`, reads it back from the disk and compares. Calls `on_frame` at least once for
// each frame that is decoded or read back, with the number of frames encoded so far. Throws an
// input error if the file is no video or has no frames. A truncated video is no error here; the
// caller decides.
DecodeSummary PrepareVideo(const PrepareRequest& request,
                           const std::function<void(int64_t num_frames)>& on_frame);

}  // namespace reel3d
