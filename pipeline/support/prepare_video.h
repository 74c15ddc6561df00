// Prepares one video, or several parts of it in one pass: decodes, turns, scales and encodes its
// frames, and writes and checks a file for each part.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "lib/video/frame_pacer.h"
#include "lib/video/frame_scaler.h"
#include "lib/video/video_decoder.h"

namespace reel3d {

// A part of a video, and the file that it becomes.
struct PreparePart {
  std::string target;
  VideoPart part;
  std::string made_from;  // is recorded in the target
};

struct PrepareRequest {
  std::string source;
  std::vector<PreparePart> parts{1};  // may overlap and stand in any order
  int height = 0;                     // pixels, even; 0: by short_side
  int short_side = 0;                 // pixels, even
  int quality = 0;                    // of the JPEG frames, 1 to 100
  bool even_rate = false;             // true: a constant frame rate; false: each at its own time
  FrameRate rate;                     // the constant rate; 0/1: the video's average
  Interlaced interlaced = Interlaced::kField;
};

// Describes a part that is prepared, or has failed.
struct PreparedPart {
  DecodeSummary summary;
  std::string fault;  // the reason why the part cannot be prepared; empty if it is prepared
  // True: the target was written, and cannot be read back. The video may not be the cause.
  bool is_fault_of_target = false;
};
using OnPreparedPart = std::function<void(size_t part, const PreparedPart& prepared)>;

// A pass holds an open file for each part that it is in.
constexpr size_t kMostPartsAtOnce = 100;

// Writes the target of each part, reads it back from the disk and compares. The bytes of a target
// do not depend on the other parts, unless the file is damaged or its clock starts again. A pass
// decodes each frame once, and encodes it once however many parts it is in. Where more than
// kMostPartsAtOnce parts overlap, the others take another pass. Calls
// `on_frame` at least once for each frame that is decoded or read back, with the number of frames
// encoded so far, and `on_part` for each part when it is complete or has failed. Throws an
// input error if the file is no video. A truncated video is no error here; the caller decides.
void PrepareParts(const PrepareRequest& request,
                  const std::function<void(int64_t num_frames)>& on_frame,
                  const OnPreparedPart& on_part);

// Does the same for a request of one part, and throws its fault as an input error.
DecodeSummary PrepareVideo(const PrepareRequest& request,
                           const std::function<void(int64_t num_frames)>& on_frame);

}  // namespace reel3d
