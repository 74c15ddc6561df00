// Look-up tables that decode up to two Huffman-coded coefficients at once.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "lib/jpeg/jpeg_stream.h"

namespace reel3d::jpeg {

// Bits that a look-up sees. The four tables of a picture then take 32 kB; more bits hit more often
// but cost the first-level cache.
constexpr int kLookUpBits = 10;

// Which of its block's tables a look-up is followed by: those for AC symbols, for the next block's
// first symbol, or for a magnitude of kMinMagnitude .. kMaxMagnitude bits whose code the look-up
// had room for, but not for the magnitude itself.
enum NextTable : unsigned { kSameBlock, kNextBlock, kMagnitude };
constexpr int kMinMagnitude = 4;
constexpr int kMaxMagnitude = 10;
constexpr int kNumNextTables = kMagnitude + kMaxMagnitude - kMinMagnitude + 1;

// One look-up's answer. Layout, from the lowest bit, so that the raw entry is a shift count:
//   0-5    bits consumed
//   8-15   how far the zigzag index advances, plus kEnd at the end of the block, or kSlow alone
//   16-20  offset of the first value from the present zigzag index
//   21-26  offset of the second value; that of the first if there is none
//   27-31  NextTable (plus size - kMinMagnitude)
//   32-47  first value, 48-63 second value
// The index being at most 63, bit 6 of index + advance says "not by this table": the symbol is too
// long or undefined, or fills up a block so that what follows is not a second AC symbol. Bit 7 says
// "block complete".
struct Entry {
  static constexpr unsigned kSlow = 64;
  static constexpr unsigned kEnd = 128;

  uint64_t bits;

  unsigned Advance() const { return static_cast<unsigned>(bits >> 8) & 0xFF; }
  bool EndsBlock() const { return (bits >> 15 & 1) != 0; }
  unsigned FirstOffset() const { return static_cast<unsigned>(bits >> 16) & 31; }
  unsigned SecondOffset() const { return static_cast<unsigned>(bits >> 21) & 63; }
  unsigned Next() const { return static_cast<uint32_t>(bits) >> 27; }
  int16_t FirstValue() const { return static_cast<int16_t>(bits >> 32); }
  int16_t SecondValue() const { return static_cast<int16_t>(bits >> 48); }
};

using EntryTable = std::array<Entry, 1 << kLookUpBits>;

// The canonical codes of one table (T.81, annex C), for what the look-ups leave out.
struct CanonicalCodes {
  std::array<uint16_t, 1 << kLookUpBits> short_code{};  // length << 8 | symbol; 0: a longer code
  std::array<int32_t, 17> max_code{}, value_offset{};   // by length, for the longer ones
  std::array<uint8_t, 256> symbol{};

  // False if they are no codes that baseline JPEG allows.
  bool Build(const HuffmanSpec& spec, bool is_dc);
};

// The codes of one component.
class ComponentCodes {
 public:
  // Does nothing if it was built from the same before: most pictures have the tables of annex K.
  bool Build(const HuffmanSpec& dc_spec, const HuffmanSpec& ac_spec);

  const CanonicalCodes& dc() const { return dc_; }
  const CanonicalCodes& ac() const { return ac_; }
  const Entry* first() const { return first_.data(); }  // at a block's first coefficient
  const Entry* later() const { return later_.data(); }  // afterwards

 private:
  Entry MakeEntry(bool is_first, uint32_t window) const;

  EntryTable first_{}, later_{};
  CanonicalCodes dc_, ac_;
  HuffmanSpec dc_built_, ac_built_;
  bool valid_ = false;
};

// Look-ups of magnitudes of `size` bits: the same for every picture.
const Entry* MagnitudeTable(int size);
bool IsMagnitudeTable(const Entry* table);

}  // namespace reel3d::jpeg
