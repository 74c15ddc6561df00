// SPDX-License-Identifier: Apache-2.0
#include "lib/train/log/event_file.h"

#include <boost/crc.hpp>
#include <cstring>

namespace reel3d {
namespace {

constexpr size_t kHeaderBytes = 12, kFooterBytes = 4;
constexpr int kRgb = 3;

template <typename T>
std::string Raw(T value) {  // the format is little endian, as are x86 and ARM
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}

template <typename T>
T FromRaw(std::string_view bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

// The wire types of protobuf.
enum : uint64_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

std::string Varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) {
    bytes += static_cast<char>((value & 0x7F) | 0x80);
  }
  return bytes + static_cast<char>(value);
}

std::string Key(uint64_t field, uint64_t wire_type) { return Varint(field << 3 | wire_type); }

std::string Integer(uint64_t field, int64_t value) {
  return value == 0 ? "" : Key(field, kVarint) + Varint(static_cast<uint64_t>(value));
}

std::string Bytes(uint64_t field, std::string_view bytes) {
  return Key(field, kBytes) + Varint(bytes.size()) + std::string(bytes);
}

// TFRecord masks its checksums, so that data that contain checksums can be checksummed too.
uint32_t MaskedCrc32c(std::string_view bytes) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(bytes.data(), bytes.size());
  const uint32_t value = crc.checksum();
  return (value >> 15 | value << 17) + 0xA282EAD8;
}

std::string Framed(std::string_view record) {
  const std::string size = Raw(static_cast<uint64_t>(record.size()));
  return size + Raw(MaskedCrc32c(size)) + std::string(record) + Raw(MaskedCrc32c(record));
}

std::string Event(double wall_time_s, int64_t step, const std::string& content) {
  return Framed(Key(1, kFixed64) + Raw(wall_time_s) + Integer(2, step) + content);
}

// Returns the step of an event that begins with wall time and step, as Event() writes them.
int64_t StepOf(std::string_view event) {
  constexpr size_t kWallTimeBytes = 9;
  uint64_t step = 0;
  if (event.size() > kWallTimeBytes && event[kWallTimeBytes] == Key(2, kVarint)[0]) {
    int shift = 0;
    for (size_t at = kWallTimeBytes + 1; at < event.size() && shift < 64; ++at, shift += 7) {
      const auto byte = static_cast<uint8_t>(event[at]);
      step |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) {
        break;
      }
    }
  }
  return static_cast<int64_t>(step);
}

enum class FrameState { kWhole, kTorn, kDamaged };

struct Frame {
  FrameState state;
  std::string_view event = {};  // only for kWhole
};

// Reads the frame at the beginning of `bytes`.
Frame FrameAt(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes) {
    return {FrameState::kTorn};
  }
  const auto size = FromRaw<uint64_t>(bytes);
  if (FromRaw<uint32_t>(bytes.substr(sizeof(size))) !=
      MaskedCrc32c(bytes.substr(0, sizeof(size)))) {
    return {FrameState::kDamaged};
  }
  const size_t rest = bytes.size() - kHeaderBytes;
  if (rest < kFooterBytes || size > rest - kFooterBytes) {
    return {FrameState::kTorn};
  }
  const std::string_view event = bytes.substr(kHeaderBytes, size);
  if (FromRaw<uint32_t>(bytes.substr(kHeaderBytes + size)) != MaskedCrc32c(event)) {
    return {FrameState::kDamaged};
  }
  return {FrameState::kWhole, event};
}

}  // namespace

std::string VersionEvent(double wall_time_s) {
  return Event(wall_time_s, 0, Bytes(3, "brain.Event:2"));
}

std::string StartEvent(double wall_time_s, int64_t step) {
  return Event(wall_time_s, step, Bytes(7, Integer(1, 1)));
}

std::string ScalarsEvent(double wall_time_s, int64_t step, const Scalars& scalars) {
  std::string summary;
  for (const auto& [tag, value] : scalars) {
    summary += Bytes(1, Bytes(1, tag) + Key(2, kFixed32) + Raw(static_cast<float>(value)));
  }
  return Event(wall_time_s, step, Bytes(5, summary));
}

std::string PictureEvent(double wall_time_s, int64_t step, const std::string& tag,
                         const Picture& picture) {
  const std::string image = Integer(1, picture.height) + Integer(2, picture.width) +
                            Integer(3, kRgb) + Bytes(4, picture.png);
  return Event(wall_time_s, step, Bytes(5, Bytes(1, Bytes(1, tag) + Bytes(4, image))));
}

size_t SizeOfEventsUpTo(std::string_view file, int64_t last_step) {
  size_t end = 0;
  for (Frame frame = FrameAt(file); frame.state == FrameState::kWhole;
       frame = FrameAt(file.substr(end))) {
    if (StepOf(frame.event) > last_step) {
      break;
    }
    end += kHeaderBytes + frame.event.size() + kFooterBytes;
  }
  return end;
}

bool IsDamagedAt(std::string_view file, size_t begin) {
  return FrameAt(file.substr(begin)).state == FrameState::kDamaged;
}

}  // namespace reel3d
