// SPDX-License-Identifier: Apache-2.0
#include "lib/video/file_end.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <vector>

namespace reel3d {
namespace {

using Kind = FileEnd::Kind;

// Reads a file's headers, wherever they stand.
class Bytes {
 public:
  explicit Bytes(AVIOContext* io) : io_(io), size_(avio_size(io)) {}

  int64_t size() const { return size_; }

  // False unless all of it is there.
  bool Read(int64_t at, size_t count) {
    bytes_.assign(count, 0);
    return at >= 0 && at <= size_ - static_cast<int64_t>(count) &&
           avio_seek(io_, at, SEEK_SET) == at &&
           avio_read(io_, bytes_.data(), static_cast<int>(count)) == static_cast<int>(count);
  }

  // In what was read last.
  uint8_t operator[](size_t i) const { return bytes_[i]; }
  const std::vector<uint8_t>& all() const { return bytes_; }
  uint64_t Big(size_t at, size_t count) const {
    uint64_t value = 0;
    for (size_t i = at; i < at + count; ++i) {
      value = value << 8 | bytes_[i];
    }
    return value;
  }
  uint64_t Little(size_t at, size_t count) const {
    uint64_t value = 0;
    for (size_t i = at + count; i > at; --i) {
      value = value << 8 | bytes_[i - 1];
    }
    return value;
  }
  std::string Text(size_t at, size_t count) const {
    return {bytes_.begin() + static_cast<int64_t>(at),
            bytes_.begin() + static_cast<int64_t>(at + count)};
  }
  // Whether a part of `length` bytes from `at` on leaves the file.
  bool Leaves(int64_t at, uint64_t length) const {
    return at > size_ || length > static_cast<uint64_t>(size_ - at);
  }

 private:
  AVIOContext* io_;
  int64_t size_;
  std::vector<uint8_t> bytes_;
};

FileEnd Incomplete(Kind kind, const std::string& part) {
  return {kind, fmt::format("the file ends within {}", part)};
}

// ISO/IEC 14496-12: atoms of a 32-bit size and four letters; size 1: 64 bits follow; 0: to the end.
FileEnd EndOfMov(Bytes& bytes) {
  constexpr std::array<std::string_view, 3> kWithFrames{"mdat", "moof", "moov"};
  constexpr std::array<std::string_view, 10> kOthers{"free", "skip", "wide", "udta", "uuid",
                                                     "meta", "mfra", "sidx", "styp", "emsg"};
  bool fragmented = false;
  for (int64_t at = 0; bytes.Read(at, 8);) {
    uint64_t length = bytes.Big(0, 4);
    const std::string type = bytes.Text(4, 4);
    fragmented = fragmented || type == "moof";
    if (length == 1 && bytes.Read(at, 16)) {
      length = bytes.Big(8, 8);
    }
    const auto is = [&](std::string_view name) { return name == type; };
    const bool with_frames = std::any_of(kWithFrames.begin(), kWithFrames.end(), is);
    if (length < 8 || bytes.Leaves(at, length)) {
      // Anything may stand behind the last atom, so that only known ones say something.
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

// RIFF chunks, each of at most 4 GiB, one behind the other.
FileEnd EndOfAvi(Bytes& bytes) {
  for (int64_t at = 0; bytes.Read(at, 8) && bytes.Text(0, 4) == "RIFF";) {
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

// RFC 8794: an element is an id, a size and so many bytes. Both are numbers of a variable length,
// which the first byte's leading zeros tell; a size of ones alone is unknown.
FileEnd EndOfMatroska(Bytes& bytes) {
  constexpr uint64_t kSegment = 0x18538067;
  constexpr uint64_t kCluster = 0x1F43B675;
  const auto length_of = [](uint8_t first) {
    int length = 1;
    while (length <= 8 && (first >> (8 - length)) == 0) {
      ++length;
    }
    return length;
  };
  for (int64_t at = 0; at < bytes.size();) {
    const auto ahead = static_cast<size_t>(std::min<int64_t>(12, bytes.size() - at));
    if (!bytes.Read(at, ahead)) {
      break;
    }
    const auto id_length = static_cast<size_t>(length_of(bytes[0]));
    if (id_length > 4) {
      break;  // nothing of Matroska's
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

// Objects of a 16-byte identifier and a 64-bit size.
FileEnd EndOfAsf(Bytes& bytes) {
  constexpr uint64_t kData = 0x75B22636;  // the identifier's first four bytes
  for (int64_t at = 0; bytes.Read(at, 24);) {
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

// SMPTE ST 377-1: the partition pack at the file's beginning says where the footer begins.
FileEnd EndOfMxf(Bytes& bytes) {
  constexpr uint64_t kSmpte = 0x060E2B34;
  if (!bytes.Read(0, 64) || bytes.Big(0, 4) != kSmpte) {
    return {};
  }
  const size_t long_size = bytes[16] >= 0x80 ? bytes[16] & 0x7F : 0;
  const uint64_t footer = bytes.Big(16 + 1 + std::min<size_t>(long_size, 8) + 24, 8);
  return footer > 0 && bytes.Leaves(static_cast<int64_t>(footer & INT64_MAX), 16)
             ? Incomplete(Kind::kCut, "its body, before its footer")
             : FileEnd{};
}

// Behind each tag stands its size.
FileEnd EndOfFlv(Bytes& bytes) {
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
FileEnd EndOfOgg(Bytes& bytes) {
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

// What the last packets of one stream of a transport stream tell.
struct LastUnit {
  bool begun = false;
  int64_t left = 0;     // bytes of the unit still to come; unknown if negative
  bool stuffed = true;  // its last packet has stuffing, which only the last one of a unit has
};

// Goes through transport packets, of `shape`, from `at` on. Units are packets of ISO/IEC 13818-1's
// other layer, which say their length, except that of video may be 0: then stuffing must show the
// end.
bool EndsWithinUnit(const Bytes& bytes, size_t at, int64_t packet) {
  constexpr size_t kPacket = 188;
  std::map<uint64_t, LastUnit> units;
  for (; at + kPacket <= bytes.all().size(); at += static_cast<size_t>(packet)) {
    const uint64_t pid = bytes.Big(at + 1, 2) & 0x1FFF;
    const bool begins = (bytes[at + 1] & 0x40) != 0;
    const bool adapted = (bytes[at + 3] & 0x20) != 0;
    const size_t header = adapted ? size_t{5} + bytes[at + 4] : 4;
    if (bytes[at] != 0x47 || (bytes[at + 3] & 0x10) == 0 || header > kPacket) {
      continue;
    }
    LastUnit& unit = units[pid];
    const auto payload = static_cast<int64_t>(kPacket - header);
    if (begins && payload >= 6 && bytes.Big(at + header, 3) == 1) {
      const auto length = static_cast<int64_t>(bytes.Big(at + header + 4, 2));
      unit = {true, length == 0 ? INT64_MIN : length + 6 - payload, adapted};
    } else {
      unit.begun = unit.begun && !begins;
      unit.left -= unit.left > 0 ? payload : 0;
      unit.stuffed = adapted;
    }
  }
  return std::any_of(units.begin(), units.end(), [](const auto& one) {
    const LastUnit& unit = one.second;
    return unit.begun && (unit.left > 0 || (unit.left == INT64_MIN && !unit.stuffed));
  });
}

// ISO/IEC 13818-1: packets of one size, each with 0x47 in front; discs put four bytes before it,
// broadcasters sixteen behind.
FileEnd EndOfTransportStream(Bytes& bytes) {
  constexpr int kProof = 5;
  constexpr int64_t kTail = 1000;  // packets
  struct Shape {
    int64_t packet, sync;
  };
  for (const Shape& shape : {Shape{188, 0}, Shape{192, 4}, Shape{204, 0}}) {
    int found = 0;
    while (found < kProof && bytes.Read(found * shape.packet + shape.sync, 1) && bytes[0] == 0x47) {
      ++found;
    }
    if (found == kProof) {
      const int64_t num_packets = bytes.size() / shape.packet;
      const int64_t from = std::max<int64_t>(0, num_packets - kTail) * shape.packet;
      const bool within = bytes.size() % shape.packet != 0 ||
                          (bytes.Read(from, static_cast<size_t>(bytes.size() - from)) &&
                           EndsWithinUnit(bytes, static_cast<size_t>(shape.sync), shape.packet));
      return within ? Incomplete(Kind::kRagged, "a packet") : FileEnd{};
    }
  }
  return {};
}

// ISO/IEC 13818-1: pack headers, and packets that say their lengths. The last ones are looked at.
FileEnd EndOfProgramStream(Bytes& bytes) {
  constexpr int64_t kTail_bytes = 1 << 17;
  constexpr uint8_t kEndCode = 0xB9;
  constexpr uint8_t kPack = 0xBA;
  const int64_t from = std::max<int64_t>(0, bytes.size() - kTail_bytes);
  const auto count = static_cast<size_t>(bytes.size() - from);
  if (!bytes.Read(from, count)) {
    return {};
  }
  size_t at = bytes.Text(0, count).find(std::string_view("\0\0\1\xBA", 4));
  while (at < count && count - at >= 4) {
    const uint8_t code = bytes[at + 3];
    if (bytes.Big(at, 3) != 1 || code < kEndCode) {
      return {};  // damaged there, or padded behind its end
    }
    const size_t header = code == kEndCode ? 4 : code == kPack ? 14 : 6;
    if (count - at < header) {
      break;
    }
    const uint64_t payload = header == 6 ? bytes.Big(at + 4, 2) : 0;
    if (header == 6 && payload == 0) {
      return {};
    }
    const bool mpeg1_pack = code == kPack && (bytes[at + 4] >> 6) != 1;
    const size_t stuffing = code == kPack && !mpeg1_pack ? bytes[at + 13] & 7 : 0;
    at += mpeg1_pack ? 12 : header + payload + stuffing;
  }
  return at == std::string::npos || at == count ? FileEnd{} : Incomplete(Kind::kRagged, "a packet");
}

FileEnd EndOfGif(Bytes& bytes) {
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
FileEnd EndOfNut(Bytes& bytes) {
  constexpr std::string_view kIndex("NX\xDD\x67\x2F\x23\xE6\x4E", 8);
  const int64_t from = std::max<int64_t>(0, bytes.size() - (1 << 20));
  const auto count = static_cast<size_t>(bytes.size() - from);
  return !bytes.Read(from, count) || bytes.Text(0, count).find(kIndex) != std::string::npos
             ? FileEnd{}
             : FileEnd{Kind::kRagged, "the file ends without an index"};
}

}  // namespace

FileEnd FindFileEnd(AVIOContext* io, const std::string& container) {
  struct Reader {
    std::string_view container;
    FileEnd (*end)(Bytes& bytes);
  };
  constexpr std::array<Reader, 11> kReaders{{{"mov,mp4,m4a,3gp,3g2,mj2", EndOfMov},
                                             {"avi", EndOfAvi},
                                             {"matroska,webm", EndOfMatroska},
                                             {"asf", EndOfAsf},
                                             {"mxf", EndOfMxf},
                                             {"flv", EndOfFlv},
                                             {"ogg", EndOfOgg},
                                             {"mpegts", EndOfTransportStream},
                                             {"mpeg", EndOfProgramStream},
                                             {"nut", EndOfNut},
                                             {"gif", EndOfGif}}};
  const auto* reader = std::find_if(kReaders.begin(), kReaders.end(),
                                    [&](const Reader& one) { return one.container == container; });
  Bytes bytes(io);
  return reader == kReaders.end() || bytes.size() <= 0 ? FileEnd{} : reader->end(bytes);
}

}  // namespace reel3d
