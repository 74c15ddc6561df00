// Makes look-up tables that decode up to two Huffman-coded coefficients at once.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "lib/frames/jpeg_stream.h"

namespace reel3d::jpeg {

// The number of bits that a look-up reads. With 10, the four tables of a picture take 32 kB. More
// bits would find a symbol more often, but exceed the first-level cache.
constexpr int kLookUpBits = 10;

// The table of the block for the next look-up. kSameBlock: the table of AC symbols. kNextBlock: the
// table of the next block's first symbol. kMagnitude + n: the table of magnitudes of kMinMagnitude
// + n bits, used if the look-up had room for the code, but not for the magnitude.
enum NextTable : unsigned { kSameBlock, kNextBlock, kMagnitude };
constexpr int kMinMagnitude = 4;
constexpr int kMaxMagnitude = 10;
constexpr int kNumNextTables = kMagnitude + kMaxMagnitude - kMinMagnitude + 1;

// The result of one look-up. The lowest bits hold the bits consumed, so that the raw entry can
// serve as a shift count. Layout:
//   0-5    bits consumed
//   8-15   how far the zigzag index advances, plus kEnd at the end of the block, or kSlow alone
//   16-20  offset of the first value from the present zigzag index
//   21-26  offset of the second value; that of the first if there is none
//   27-31  NextTable (plus size - kMinMagnitude)
//   32-47  first value, 48-63 second value
// The index is at most 63, so bit 6 of index + advance means "not by this table": the symbol is too
// long or undefined, or it fills up a block, so that no second AC symbol follows. Bit 7 means
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

// The canonical codes of one table (T.81, annex C), for symbols that the look-ups do not cover.
struct CanonicalCodes {
  std::array<uint16_t, 1 << kLookUpBits> short_code{};  // length << 8 | symbol; 0: a longer code
  std::array<int32_t, 17> max_code{}, value_offset{};   // by length, for longer codes
  std::array<uint8_t, 256> symbol{};

  // Returns false if baseline JPEG does not allow these codes.
  bool Build(const HuffmanSpec& spec, bool is_dc);
};

// The codes and look-up tables of one component.
class ComponentCodes {
 public:
  // Returns false if a table is invalid. Reuses the tables of an equal specification, because most
  // pictures have the tables of annex K.
  bool Build(const HuffmanSpec& dc_spec, const HuffmanSpec& ac_spec);

  const CanonicalCodes& dc() const { return dc_; }
  const CanonicalCodes& ac() const { return ac_; }
  const Entry* first() const { return first_.data(); }  // for a block's first coefficient
  const Entry* later() const { return later_.data(); }  // for the coefficients after it

 private:
  Entry MakeEntry(bool is_first, uint32_t window) const;

  EntryTable first_{}, later_{};
  CanonicalCodes dc_, ac_;
  HuffmanSpec dc_built_, ac_built_;
  bool valid_ = false;
};

// Returns the look-up table of magnitudes of `size` bits, which is the same for every picture.
const Entry* MagnitudeTable(int size);
bool IsMagnitudeTable(const Entry* table);

}  // namespace reel3d::jpeg
