// SPDX-License-Identifier: Apache-2.0
#include "lib/video/container_end.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace reel3d {
namespace {

using Kind = FileEnd::Kind;

// A recording of a day in fragments of a second has 200,000 parts. A hostile file of a few
// gigabytes may have hundreds of millions, each of which costs a read.
constexpr int kMostParts = 1'000'000;

FileEnd TooManyParts() {
  return {Kind::kRagged,
          fmt::format("the file has more than {} parts: reel3d did not check whether its "
                      "end is missing",
                      kMostParts)};
}

}  // namespace

// An atom begins with a 32-bit size and four letters (ISO/IEC 14496-12). Size 1 means that a 64-bit
// size follows, size 0 that the atom reaches to the end of the file.
FileEnd EndOfMov(FileBytes& bytes) {
  constexpr std::array<std::string_view, 3> kWithFrames{"mdat", "moof", "moov"};
  constexpr std::array<std::string_view, 10> kOthers{"free", "skip", "wide", "udta", "uuid",
                                                     "meta", "mfra", "sidx", "styp", "emsg"};
  bool fragmented = false;
  int num_parts = 0;
  for (int64_t at = 0; bytes.Read(at, 8);) {
    if (++num_parts > kMostParts) {
      return TooManyParts();
    }
    uint64_t length = bytes.Big(0, 4);
    const std::string type = bytes.Text(4, 4);
    fragmented = fragmented || type == "moof";
    if (length == 1 && bytes.Read(at, 16)) {
      length = bytes.Big(8, 8);
    }
    const auto is = [&](std::string_view name) { return name == type; };
    const bool with_frames = std::any_of(kWithFrames.begin(), kWithFrames.end(), is);
    if (length < 8 || bytes.Leaves(at, length)) {
      // Any bytes may follow the last atom, so only atoms of a known type count as incomplete.
      if (length >= 8 && (with_frames || std::any_of(kOthers.begin(), kOthers.end(), is))) {
        FileEnd end = Incomplete(with_frames ? Kind::kCut : Kind::kRagged, "its " + type + " atom");
        end.counts_frames = !with_frames || !fragmented;
        return end;
      }
      break;
    }
    at += static_cast<int64_t>(length);
  }
  return {};
}

// The file consists of RIFF chunks of at most 4 GiB.
FileEnd EndOfAvi(FileBytes& bytes) {
  int num_parts = 0;
  for (int64_t at = 0; bytes.Read(at, 8) && bytes.Text(0, 4) == "RIFF";) {
    if (++num_parts > kMostParts) {
      return TooManyParts();
    }
    const uint64_t length = bytes.Little(4, 4);
    if (length == 0) {  // a recording that was never finished
      break;
    }
    if (bytes.Leaves(at + 8, length)) {
      return Incomplete(Kind::kCut, "a RIFF chunk");
    }
    at += static_cast<int64_t>(8 + length + length % 2);
  }
  return {};
}

// An element is an id, a size and that many bytes (RFC 8794). Id and size have a variable length,
// which is the number of leading zeros of their first byte, plus 1. A size of ones only is unknown.
FileEnd EndOfMatroska(FileBytes& bytes) {
  constexpr uint64_t kSegment = 0x18538067;
  constexpr uint64_t kCluster = 0x1F43B675;
  const auto length_of = [](uint8_t first) {
    int length = 1;
    while (length <= 8 && (first >> (8 - length)) == 0) {
      ++length;
    }
    return length;
  };
  int num_parts = 0;
  for (int64_t at = 0; at < bytes.size();) {
    if (++num_parts > kMostParts) {
      return TooManyParts();
    }
    const auto ahead = static_cast<size_t>(std::min<int64_t>(12, bytes.size() - at));
    if (!bytes.Read(at, ahead)) {
      break;
    }
    const auto id_length = static_cast<size_t>(length_of(bytes[0]));
    if (id_length > 4) {
      break;  // not Matroska
    }
    const size_t size_length = id_length < ahead ? length_of(bytes[id_length]) : 1;
    if (size_length > 8) {
      break;
    }
    if (id_length + size_length > ahead) {
      return Incomplete(Kind::kRagged, "an element");
    }
    const uint64_t id = bytes.Big(0, id_length);
    const uint64_t ones = (uint64_t{1} << (7 * size_length)) - 1;
    const uint64_t length = bytes.Big(id_length, size_length) & ones;
    at += static_cast<int64_t>(id_length + size_length);
    if (length == ones) {
      if (id != kSegment && id != kCluster) {
        break;
      }
      continue;  // a live recording: its children follow
    }
    if (bytes.Leaves(at, length)) {
      return id == kSegment ? Incomplete(Kind::kCut, "its Segment")
                            : Incomplete(Kind::kRagged, "an element");
    }
    at += static_cast<int64_t>(length);
  }
  return {};
}

// An object begins with a 16-byte identifier and a 64-bit size.
FileEnd EndOfAsf(FileBytes& bytes) {
  constexpr uint64_t kData = 0x75B22636;  // the identifier's first four bytes
  int num_parts = 0;
  for (int64_t at = 0; bytes.Read(at, 24);) {
    if (++num_parts > kMostParts) {
      return TooManyParts();
    }
    const uint64_t length = bytes.Little(16, 8);
    if (length < 24) {  // a live recording
      break;
    }
    if (bytes.Leaves(at, length)) {
      return at == 0 || bytes.Little(0, 4) == kData ? Incomplete(Kind::kCut, "its data object")
                                                    : Incomplete(Kind::kRagged, "an index object");
    }
    at += static_cast<int64_t>(length);
  }
  return {};
}

// The partition pack at the file's beginning states where the footer begins (SMPTE ST 377-1). The
// footer consists of parts with a 16-byte key and a length. If the first byte of the length is 0x80
// or more, its low 7 bits are the number of length bytes that follow.
FileEnd EndOfMxf(FileBytes& bytes) {
  constexpr uint64_t kSmpte = 0x060E2B34;
  constexpr size_t kKey = 16;
  const auto long_size = [&] {
    return bytes[kKey] >= 0x80 ? std::min<size_t>(bytes[kKey] & 0x7F, 8) : 0;
  };
  if (!bytes.Read(0, 64) || bytes.Big(0, 4) != kSmpte) {
    return {};
  }
  const uint64_t footer = bytes.Big(kKey + 1 + long_size() + 24, 8);
  if (footer > 0 && bytes.Leaves(static_cast<int64_t>(footer & INT64_MAX), kKey)) {
    return Incomplete(Kind::kCut, "its body, before its footer");
  }
  int num_parts = 0;
  for (auto at = static_cast<int64_t>(footer); at > 0 && at < bytes.size();) {
    if (++num_parts > kMostParts) {
      return TooManyParts();
    }
    const auto ahead = static_cast<size_t>(std::min<int64_t>(kKey + 9, bytes.size() - at));
    if (ahead <= kKey || !bytes.Read(at, ahead)) {
      return Incomplete(Kind::kRagged, "its footer");
    }
    const size_t header = kKey + 1 + long_size();
    if (bytes.Big(0, 4) != kSmpte) {
      break;  // anything may stand behind the footer
    }
    if (header > bytes.all().size()) {
      return Incomplete(Kind::kRagged, "its footer");
    }
    const uint64_t length =
        long_size() > 0 ? bytes.Big(kKey + 1, long_size()) : uint64_t{bytes[kKey]};
    if (bytes.Leaves(at + static_cast<int64_t>(header), length)) {
      return Incomplete(Kind::kRagged, "its footer");
    }
    at += static_cast<int64_t>(header + length);
  }
  return {};
}

}  // namespace reel3d
