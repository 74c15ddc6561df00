// SPDX-License-Identifier: Apache-2.0
#include "lib/video/container_end.h"

#include <string_view>

namespace reel3d {
namespace {

// A unit begins with 00 00 01 and a byte for its kind. Returns the kind of the last unit if that
// unit is only a few bytes long, as end marks are; -1 otherwise.
int LastShortUnit(FileBytes& bytes) {
  constexpr int64_t kMost = 64;
  const std::string tail = bytes.ReadTail(kMost);
  const size_t at = tail.rfind(std::string_view("\0\0\1", 3));
  return at == std::string::npos || at + 3 >= tail.size() ? -1 : bytes[at + 3];
}

// A cut within the last slice cannot be seen without a mark: decoders seldom report it, and the
// HEVC decoder never does.
FileEnd Judge(bool has_mark) {
  return has_mark ? FileEnd{}
                  : FileEnd{FileEnd::Kind::kRagged,
                            "a raw stream states no length: a missing end cannot be seen"};
}

}  // namespace

// The mark is sequence_end_code of ISO/IEC 11172-2 and 13818-2.
FileEnd EndOfMpegVideo(FileBytes& bytes) { return Judge(LastShortUnit(bytes) == 0xB7); }

// The mark is visual_object_sequence_end_code of ISO/IEC 14496-2.
FileEnd EndOfMpeg4Video(FileBytes& bytes) { return Judge(LastShortUnit(bytes) == 0xB1); }

// The marks end a sequence (10) or the stream (11); see ITU-T H.264 table 7-1.
FileEnd EndOfH264(FileBytes& bytes) {
  const int unit = LastShortUnit(bytes);
  return Judge(unit >= 0 && ((unit & 31) == 10 || (unit & 31) == 11));
}

// The marks end a sequence (36) or the stream (37); see ITU-T H.265 table 7-1.
FileEnd EndOfHevc(FileBytes& bytes) {
  const int unit = LastShortUnit(bytes);
  return Judge(unit >= 0 && (unit >> 1 == 36 || unit >> 1 == 37));
}

// A picture ends with FF D9 (ITU-T T.81). Some cameras pad with zeros after it.
FileEnd EndOfJpegs(FileBytes& bytes) {
  constexpr int64_t kMost = 1 << 16;
  const std::string tail = bytes.ReadTail(kMost);
  const size_t last = tail.find_last_not_of('\0');
  const bool closed =
      last == std::string::npos || (last > 0 && tail.compare(last - 1, 2, "\xFF\xD9") == 0);
  return closed ? FileEnd{} : Incomplete(FileEnd::Kind::kRagged, "a picture");
}

}  // namespace reel3d
