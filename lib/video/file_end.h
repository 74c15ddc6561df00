// Private to lib/video: says whether the end of a video file is missing, judging by its container's
// structure. Nothing is decoded, and only headers are read.
//
// Containers that state their length (MP4, AVI, Matroska, ASF, MXF) are cut if the file is shorter.
// Streams that state no length and live recordings only show whether their last packet is complete;
// a file that ends between two packets looks complete. A raw stream does not even show that. A file
// of more than a million parts is kRagged: nobody looks at all of them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/video/ffmpeg_handle.h"

namespace reel3d {

struct FileEnd {
  enum class Kind {
    kComplete,  // as far as can be seen
    kRagged,    // ends within a packet or within a part that holds no frames, or is unknown
    kCut        // shorter than the container says, where frames are stored
  };
  Kind kind = Kind::kComplete;
  std::string what = {};      // such as "the file ends within its mdat atom"; empty if kComplete
  bool counts_frames = true;  // false: the missing part may hold frames that are not listed
};

// Moves the position of `io`. `container` is FFmpeg's name of it.
FileEnd FindFileEnd(AVIOContext* io, const std::string& container);

// Returns ": truncated: the file ends within its mdat atom" or the like if the file is cut; else
// "". This explains why a file cannot be opened, or has no frame.
std::string DescribeTruncation(AVIOContext* io, const std::string& container);

}  // namespace reel3d
