// Private to lib/video: one function for each container finds out whether the end of a file is
// missing. FindFileEnd() calls the right function.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/video/file_bytes.h"
#include "lib/video/file_end.h"

namespace reel3d {

// Returns an end of this kind with the text "the file ends within PART".
FileEnd Incomplete(FileEnd::Kind kind, const std::string& part);

// These containers consist of parts that state their length: MP4's atoms, AVI's chunks, Matroska's
// elements, ASF's objects and MXF's partitions. A part that reaches beyond the file is incomplete.
FileEnd EndOfMov(FileBytes& bytes);
FileEnd EndOfAvi(FileBytes& bytes);
FileEnd EndOfMatroska(FileBytes& bytes);
FileEnd EndOfAsf(FileBytes& bytes);
FileEnd EndOfMxf(FileBytes& bytes);

// Streams of ISO/IEC 13818-1 state no length. These functions read their last packets.
FileEnd EndOfTransportStream(FileBytes& bytes);
FileEnd EndOfProgramStream(FileBytes& bytes);

// These files end with a tag or page of a known length, or with a mark.
FileEnd EndOfFlv(FileBytes& bytes);
FileEnd EndOfOgg(FileBytes& bytes);
FileEnd EndOfGif(FileBytes& bytes);
FileEnd EndOfNut(FileBytes& bytes);

// Raw streams of a codec have no container. Only a mark (a code that closes the stream) proves that
// the end is there, and most encoders write none.
FileEnd EndOfMpegVideo(FileBytes& bytes);
FileEnd EndOfMpeg4Video(FileBytes& bytes);
FileEnd EndOfH264(FileBytes& bytes);
FileEnd EndOfHevc(FileBytes& bytes);
FileEnd EndOfJpegs(FileBytes& bytes);

}  // namespace reel3d
