// Reads the outer layers of a baseline JPEG: its header, the places of its restart segments, and
// the byte stuffing of its entropy-coded data (ITU-T T.81, annexes B and F.1.2.3).
//
// It is strict on purpose: for anything unusual it returns false, and the caller decodes that
// picture with libjpeg.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace reel3d::jpeg {

struct HuffmanSpec {
  std::array<uint8_t, 17> count{};  // count[length], length 1 .. 16
  std::array<uint8_t, 256> symbol{};
  bool present = false;

  bool operator==(const HuffmanSpec& other) const {
    return count == other.count && symbol == other.symbol;
  }
};

// The header of an 8-bit baseline JPEG with three components, 4:2:0, and one interleaved scan. No
// restart segment crosses the end of a row of MCUs. An MCU is a block of 16 x 16 pixels.
struct StreamHeader {
  int width = 0, height = 0;  // pixels
  int mcu_columns = 0, mcu_rows = 0;
  int restart_interval = 0;                         // MCUs; divides mcu_columns
  std::array<std::array<uint16_t, 64>, 4> quant{};  // row by row, not in zigzag order
  std::array<bool, 4> quant_present{};
  std::array<HuffmanSpec, 4> dc, ac;
  std::array<uint8_t, 3> quant_of{}, dc_of{}, ac_of{};  // table numbers of Y, Cb, Cr
  size_t scan_begin = 0;                                // first entropy-coded byte

  int SegmentsPerRow() const { return mcu_columns / restart_interval; }
  size_t NumSegments() const { return static_cast<size_t>(SegmentsPerRow()) * mcu_rows; }
};

extern const std::array<uint8_t, 64> kZigzagToNatural;

// Returns false unless the bytes begin with a header of the kind that StreamHeader describes.
bool ReadStreamHeader(const uint8_t* data, size_t size, StreamHeader* header);

// Finds the `count` segments from data[scan_begin] on. Segment i is the range [begins[i],
// begins[i + 1] - 2) of `data`, and a marker of two bytes follows it. Returns false unless these
// markers are RST0, RST1 .. RST7, RST0 .. and, after the last segment, the end of the image.
bool FindSegments(const uint8_t* data, size_t size, size_t scan_begin, size_t count,
                  std::vector<uint32_t>* begins);

// The number of bytes that Unstuff may write past its result.
constexpr size_t kUnstuffSlack = 64;

// Copies [begin, end) to `out`, turns FF 00 into FF, and returns the number of bytes written. It
// may read (and drop) bytes up to `readable`. `out` needs end - begin + kUnstuffSlack bytes.
size_t Unstuff(const uint8_t* begin, const uint8_t* end, const uint8_t* readable, uint8_t* out);

}  // namespace reel3d::jpeg
