// SPDX-License-Identifier: Apache-2.0
#include "lib/video/container_end.h"

#include <algorithm>
#include <string_view>

namespace reel3d {
namespace {

using Kind = FileEnd::Kind;

}  // namespace

// Behind each tag stands its size.
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

// RFC 3533: a page's header lists the sizes of its segments.
FileEnd EndOfOgg(FileBytes& bytes) {
  constexpr int64_t kLongestPage = 27 + 255 + 255 * 255;
  const int64_t from = std::max<int64_t>(0, bytes.size() - kLongestPage);
  const auto count = static_cast<size_t>(bytes.size() - from);
  if (!bytes.Read(from, count)) {
    return {};
  }
  const std::string tail = bytes.Text(0, count);
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
  return end != count ? Incomplete(Kind::kRagged, "a page") : FileEnd{};
}

FileEnd EndOfGif(FileBytes& bytes) {
  constexpr uint8_t kTrailer = 0x3B;
  int64_t last = bytes.size() - 1;
  while (bytes.Read(last, 1) && bytes[0] == 0) {
    --last;
  }
  return last < 0 || bytes[0] == kTrailer
             ? FileEnd{}
             : FileEnd{Kind::kRagged, "the file ends without GIF's end mark"};
}

// Files that are finished have an index behind their packets.
FileEnd EndOfNut(FileBytes& bytes) {
  constexpr std::string_view kIndex("NX\xDD\x67\x2F\x23\xE6\x4E", 8);
  const int64_t from = std::max<int64_t>(0, bytes.size() - (1 << 20));
  const auto count = static_cast<size_t>(bytes.size() - from);
  return !bytes.Read(from, count) || bytes.Text(0, count).find(kIndex) != std::string::npos
             ? FileEnd{}
             : FileEnd{Kind::kRagged, "the file ends without an index"};
}

}  // namespace reel3d
