// Private to lib/video: finds out from the structure of the container whether the end of a video
// file is missing. Nothing is decoded, and only headers are read.
//
// Containers that state their length (MP4, AVI, Matroska, ASF, MXF) are cut if the file is shorter.
// Streams that state no length and live recordings only show whether their last packet is complete;
// a file that ends between two packets looks complete. A raw stream does not even show that. A file
// of more than a million parts is kRagged, because not all of them are read.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/video/ffmpeg_handle.h"

namespace reel3d {

struct FileEnd {
  enum class Kind {
    kComplete,  // as far as can be seen
    kRagged,    // unknown, or the file ends within a packet or a part that holds no frames
    kCut        // the file is shorter than the container states, where frames are stored
  };
  Kind kind = Kind::kComplete;
  std::string what = {};      // such as "the file ends within its mdat atom"; empty if kComplete
  bool counts_frames = true;  // false: the missing part may hold frames that are not listed
};

// Moves the position of `io`. `container` is FFmpeg's name of the container.
FileEnd FindFileEnd(AVIOContext* io, const std::string& container);

// Returns ": truncated: the file ends within its mdat atom" or the like if the file is cut; else
// "". This explains why a file cannot be opened, or has no frame.
std::string DescribeTruncation(AVIOContext* io, const std::string& container);

}  // namespace reel3d
