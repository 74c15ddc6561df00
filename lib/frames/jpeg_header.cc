// SPDX-License-Identifier: Apache-2.0
#include "lib/frames/jpeg_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "lib/base/error.h"

namespace reel3d {
namespace {

enum Marker : uint8_t {
  kStartOfImage = 0xD8,
  kEndOfImage = 0xD9,
  kBaseline = 0xC0,
  kLastFrameType = 0xCF,
  kHuffmanTables = 0xC4,
  kReserved = 0xC8,
  kArithmeticTables = 0xCC,
  kStartOfScan = 0xDA,
  kQuantisation = 0xDB,
  kRestartInterval = 0xDD,
};

// Table K.1 of T.81 in zigzag order, which libjpeg scales by the quality.
constexpr std::array<int, 64> kLuma = {16,  11, 12, 14,  12,  10,  16,  14,  13, 14,  18,  17,  16,
                                       19,  24, 40, 26,  24,  22,  22,  24,  49, 35,  37,  29,  40,
                                       58,  51, 61, 60,  57,  51,  56,  55,  64, 72,  92,  78,  64,
                                       68,  87, 69, 55,  56,  80,  109, 81,  87, 95,  98,  103, 104,
                                       103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99};

[[noreturn]] void Refuse(const std::string& why) {
  throw InputError("not a baseline 4:2:0 JPEG: " + why);
}

// The payload of one marker segment.
class Segment {
 public:
  Segment(const uint8_t* begin, size_t size) : begin_(begin), size_(size) {}
  size_t size() const { return size_; }
  int Byte(size_t at) const {
    if (at >= size_) {
      Refuse("a marker segment is too short");
    }
    return begin_[at];
  }
  int Word(size_t at) const { return Byte(at) << 8 | Byte(at + 1); }

 private:
  const uint8_t* begin_;
  size_t size_;
};

int QualityOf(const Segment& tables, size_t values_at) {
  for (int quality = 100; quality >= 1; --quality) {
    const int percent = quality < 50 ? 5000 / quality : 200 - 2 * quality;
    bool equal = true;
    for (size_t i = 0; i < kLuma.size() && equal; ++i) {
      const int expected = std::clamp((kLuma[i] * percent + 50) / 100, 1, 255);
      equal = tables.Byte(values_at + i) == expected;
    }
    if (equal) {
      return quality;
    }
  }
  return 0;
}

void ReadQuantisation(const Segment& tables, JpegHeader* header) {
  for (size_t at = 0; at < tables.size();) {
    const int precision_and_slot = tables.Byte(at);
    const bool wide = precision_and_slot >> 4 != 0;
    if (precision_and_slot == 0) {
      header->quality = QualityOf(tables, at + 1);
    }
    at += wide ? 129 : 65;
  }
}

void ReadFrameHeader(const Segment& frame, JpegHeader* header) {
  constexpr int kLumaSampling = 0x22;
  constexpr int kChromaSampling = 0x11;
  if (header->width != 0) {
    Refuse("it has two frame headers");
  }
  header->height = frame.Word(1);
  header->width = frame.Word(3);
  if (frame.Byte(0) != 8 || header->width == 0 || header->height == 0) {
    Refuse(fmt::format("{} bits, {} x {} pixels", frame.Byte(0), header->width, header->height));
  }
  if (frame.Byte(5) != 3 || frame.Byte(7) != kLumaSampling || frame.Byte(10) != kChromaSampling ||
      frame.Byte(13) != kChromaSampling) {
    Refuse("the chroma is not subsampled 4:2:0");
  }
}

void ReadSegment(uint8_t marker, const Segment& segment, JpegHeader* header) {
  if (marker == kQuantisation) {
    ReadQuantisation(segment, header);
  } else if (marker == kRestartInterval) {
    header->restart_interval = segment.Word(0);
  } else if (marker == kBaseline) {
    ReadFrameHeader(segment, header);
  } else if (marker > kBaseline && marker <= kLastFrameType && marker != kHuffmanTables &&
             marker != kReserved && marker != kArithmeticTables) {
    Refuse(fmt::format("frame type {:#x}", marker));
  }
}

}  // namespace

JpegHeader ReadJpegHeader(const std::vector<uint8_t>& jpeg) {
  const size_t size = jpeg.size();
  if (size < 4 || jpeg[0] != 0xFF || jpeg[1] != kStartOfImage) {
    Refuse("it does not begin as one");
  }
  if (jpeg[size - 2] != 0xFF || jpeg[size - 1] != kEndOfImage) {
    Refuse("it is cut short");
  }
  JpegHeader header;
  for (size_t at = 2; at + 4 <= size;) {
    const uint8_t marker = jpeg[at + 1];
    const size_t length = static_cast<size_t>(jpeg[at + 2]) << 8 | jpeg[at + 3];
    if (jpeg[at] != 0xFF || length < 2 || at + 2 + length > size) {
      break;
    }
    if (marker == kStartOfScan && header.width != 0) {
      return header;
    }
    ReadSegment(marker, Segment(&jpeg[at + 4], length - 2), &header);
    at += 2 + length;
  }
  Refuse("its headers are damaged");
}

}  // namespace reel3d
