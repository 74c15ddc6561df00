// Private to lib/video: for each container, whether the end of a file is missing.
// lib/video/file_end.h chooses among them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/video/file_bytes.h"
#include "lib/video/file_end.h"

namespace reel3d {

// "The file ends within PART".
FileEnd Incomplete(FileEnd::Kind kind, const std::string& part);

// Containers of parts that state their length: MP4's atoms, AVI's chunks, Matroska's elements,
// ASF's objects and MXF's partitions. A part that leaves the file is incomplete.
FileEnd EndOfMov(FileBytes& bytes);
FileEnd EndOfAvi(FileBytes& bytes);
FileEnd EndOfMatroska(FileBytes& bytes);
FileEnd EndOfAsf(FileBytes& bytes);
FileEnd EndOfMxf(FileBytes& bytes);

// Streams of ISO/IEC 13818-1 state no length. Their last packets are looked at.
FileEnd EndOfTransportStream(FileBytes& bytes);
FileEnd EndOfProgramStream(FileBytes& bytes);

// Streams that end with a tag or page of a known length, or with a mark.
FileEnd EndOfFlv(FileBytes& bytes);
FileEnd EndOfOgg(FileBytes& bytes);
FileEnd EndOfGif(FileBytes& bytes);
FileEnd EndOfNut(FileBytes& bytes);

}  // namespace reel3d
