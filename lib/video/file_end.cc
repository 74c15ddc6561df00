// SPDX-License-Identifier: Apache-2.0
#include "lib/video/file_end.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "lib/video/container_end.h"

namespace reel3d {

FileEnd Incomplete(FileEnd::Kind kind, const std::string& part) {
  return {kind, fmt::format("the file ends within {}", part)};
}

FileEnd FindFileEnd(AVIOContext* io, const std::string& container) {
  struct Reader {
    std::string_view container;
    FileEnd (*end)(FileBytes& bytes);
  };
  constexpr std::array<Reader, 16> kReaders{{{"mov,mp4,m4a,3gp,3g2,mj2", EndOfMov},
                                             {"avi", EndOfAvi},
                                             {"matroska,webm", EndOfMatroska},
                                             {"asf", EndOfAsf},
                                             {"mxf", EndOfMxf},
                                             {"flv", EndOfFlv},
                                             {"ogg", EndOfOgg},
                                             {"mpegts", EndOfTransportStream},
                                             {"mpeg", EndOfProgramStream},
                                             {"nut", EndOfNut},
                                             {"gif", EndOfGif},
                                             {"mpegvideo", EndOfMpegVideo},
                                             {"m4v", EndOfMpeg4Video},
                                             {"h264", EndOfH264},
                                             {"hevc", EndOfHevc},
                                             {"mjpeg", EndOfJpegs}}};
  const auto* reader = std::find_if(kReaders.begin(), kReaders.end(),
                                    [&](const Reader& one) { return one.container == container; });
  FileBytes bytes(io);
  return reader == kReaders.end() || bytes.size() <= 0 ? FileEnd{} : reader->end(bytes);
}

std::string DescribeTruncation(AVIOContext* io, const std::string& container) {
  const FileEnd end = io == nullptr ? FileEnd{} : FindFileEnd(io, container);
  return end.kind == FileEnd::Kind::kCut ? ": truncated: " + end.what : "";
}

}  // namespace reel3d
