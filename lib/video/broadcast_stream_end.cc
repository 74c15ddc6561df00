// SPDX-License-Identifier: Apache-2.0
#include "lib/video/container_end.h"

#include <algorithm>
#include <map>
#include <string_view>

namespace reel3d {
namespace {

using Kind = FileEnd::Kind;

// LastUnit describes the last unit of one stream in a transport stream. A unit is a PES packet
// (ISO/IEC 13818-1), which spans several transport packets.
struct LastUnit {
  bool begun = false;
  int64_t left = 0;     // bytes of the unit still to come; unknown if negative
  bool stuffed = true;  // the last transport packet has stuffing, as only a unit's last packet does
};

// Returns true if the adaptation field of the packet at `at` is longer than its content, which is
// the clock (PCR), the original clock (OPCR) and the countdown to a splice.
bool HasStuffing(const FileBytes& bytes, size_t at) {
  const uint8_t length = bytes[at + 4];
  const uint8_t holds = bytes[at + 5];
  const auto flag = [&](int bit) { return holds >> bit & 1; };
  return length == 0 || holds == 0 || length > 1 + 6 * flag(4) + 6 * flag(3) + flag(2);
}

// Returns true if a unit is incomplete at the end. Transport packets are `packet` bytes apart, from
// `at` on. A unit states its length, but a video's length may be 0: then stuffing shows the unit's
// end.
bool EndsWithinUnit(const FileBytes& bytes, size_t at, int64_t packet) {
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
    const bool stuffed = adapted && HasStuffing(bytes, at);
    const auto payload = static_cast<int64_t>(kPacket - header);
    if (begins && payload >= 6 && bytes.Big(at + header, 3) == 1) {
      const auto length = static_cast<int64_t>(bytes.Big(at + header + 4, 2));
      unit = {true, length == 0 ? INT64_MIN : length + 6 - payload, stuffed};
    } else {
      unit.begun = unit.begun && !begins;
      unit.left -= unit.left > 0 ? payload : 0;
      unit.stuffed = stuffed;
    }
  }
  return std::any_of(units.begin(), units.end(), [](const auto& one) {
    const LastUnit& unit = one.second;
    return unit.begun && (unit.left > 0 || (unit.left == INT64_MIN && !unit.stuffed));
  });
}

}  // namespace

// All packets have one size and begin with 0x47 (ISO/IEC 13818-1). Discs put four bytes in front of
// a packet, broadcasters sixteen behind it.
FileEnd EndOfTransportStream(FileBytes& bytes) {
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

// The stream consists of pack headers, and of packets that state their lengths (ISO/IEC 13818-1).
// Only the last of them are read.
FileEnd EndOfProgramStream(FileBytes& bytes) {
  constexpr int64_t kTail_bytes = 1 << 17;
  constexpr uint8_t kEndCode = 0xB9;
  constexpr uint8_t kPack = 0xBA;
  const std::string tail = bytes.ReadTail(kTail_bytes);
  const size_t count = tail.size();
  size_t at = tail.find(std::string_view("\0\0\1\xBA", 4));
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

}  // namespace reel3d
