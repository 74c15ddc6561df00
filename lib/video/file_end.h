// Private to lib/video: whether the end of a video file is missing, from its container's structure
// alone. Nothing is decoded, and only headers are read.
//
// Containers that state their length (MP4, AVI, Matroska, ASF, MXF) are cut if the file is shorter.
// Of streams that state none, and of live recordings, only a last packet that is incomplete can be
// found; a file that ends between two packets looks complete.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/video/ffmpeg_handle.h"

namespace reel3d {

struct FileEnd {
  enum class Kind {
    kComplete,  // as far as can be seen
    kRagged,    // ends within a packet, or within something that holds no frames
    kCut        // shorter than the container says, where frames are stored
  };
  Kind kind = Kind::kComplete;
  std::string what = {};      // such as "its mdat atom is incomplete"; empty if kComplete
  bool counts_frames = true;  // false where what lies behind the end may hold frames unlisted
};

// Moves the position of `io`. `container` is FFmpeg's name.
FileEnd FindFileEnd(AVIOContext* io, const std::string& container);

}  // namespace reel3d
