// SPDX-License-Identifier: Apache-2.0
#include "lib/video/container_end.h"

#include <string_view>

namespace reel3d {
namespace {

using Kind = FileEnd::Kind;

}  // namespace

// Each tag is followed by its size.
FileEnd EndOfFlv(FileBytes& bytes) {
  constexpr int64_t kTagHeader = 11;
  if (!bytes.Read(bytes.size() - 4, 4)) {
    return {};
  }
  const auto length = static_cast<int64_t>(bytes.Big(0, 4));
  const bool closed = length >= kTagHeader && bytes.Read(bytes.size() - 4 - length, 4) &&
                      static_cast<int64_t>(bytes.Big(1, 3)) == length - kTagHeader;
  return closed ? FileEnd{} : Incomplete(Kind::kRagged, "a tag");
}

// A page's header lists the sizes of its segments and marks the last page of a stream (RFC 3533).
FileEnd EndOfOgg(FileBytes& bytes) {
  constexpr int64_t kLongestPage = 27 + 255 + 255 * 255;
  const std::string tail = bytes.ReadTail(kLongestPage);
  const size_t count = tail.size();
  const size_t page = tail.rfind("OggS");
  if (page == std::string::npos) {
    return {};
  }
  size_t end = page + 27;
  const size_t num_segments = end <= count ? bytes[page + 26] : 0;
  end += num_segments;
  for (size_t i = 0; i < num_segments && page + 27 + i < count; ++i) {
    end += bytes[page + 27 + i];
  }
  if (end != count) {
    return Incomplete(Kind::kRagged, "a page");
  }
  constexpr uint8_t kLastOfStream = 4;
  return (bytes[page + 5] & kLastOfStream) != 0
             ? FileEnd{}
             : FileEnd{Kind::kRagged, "the file ends before the last page of a stream"};
}

// A GIF ends with a trailer byte. Some programs pad with zeros after it.
FileEnd EndOfGif(FileBytes& bytes) {
  constexpr int64_t kMost = 1 << 16;
  constexpr char kTrailer = 0x3B;
  const std::string tail = bytes.ReadTail(kMost);
  const size_t last = tail.find_last_not_of('\0');
  return last != std::string::npos && tail[last] == kTrailer
             ? FileEnd{}
             : FileEnd{Kind::kRagged, "the file ends without GIF's end mark"};
}

// A finished file has an index behind its packets. The index ends with its own length in
// eight bytes and a checksum in four.
FileEnd EndOfNut(FileBytes& bytes) {
  constexpr std::string_view kIndex("NX\xDD\x67\x2F\x23\xE6\x4E", 8);
  const uint64_t length = bytes.Read(bytes.size() - 12, 12) ? bytes.Big(0, 8) : 0;
  const bool closed = length <= static_cast<uint64_t>(bytes.size()) &&
                      bytes.Read(bytes.size() - static_cast<int64_t>(length), kIndex.size()) &&
                      bytes.Text(0, kIndex.size()) == kIndex;
  return closed ? FileEnd{} : FileEnd{Kind::kRagged, "the file ends without an index"};
}

}  // namespace reel3d
