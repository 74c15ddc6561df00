// SPDX-License-Identifier: Apache-2.0
#include "lib/frames/huffman_tables.h"

#include <algorithm>
#include <iterator>

namespace reel3d::jpeg {
namespace {

Entry Pack(int length, unsigned advance, unsigned next, unsigned first_offset,
           unsigned second_offset, int first_value, int second_value) {
  return {static_cast<uint64_t>(length) | uint64_t{advance} << 8 | uint64_t{first_offset} << 16 |
          uint64_t{second_offset} << 21 | uint64_t{next} << 27 |
          uint64_t{static_cast<uint16_t>(first_value)} << 32 |
          uint64_t{static_cast<uint16_t>(second_value)} << 48};
}

constexpr Entry kSlowEntry{uint64_t{Entry::kSlow} << 8};

// See T.81, figure F.12: a first bit of 0 means a negative value.
int SignedMagnitude(int bits, int size) {
  return size == 0 || (bits >> (size - 1)) != 0 ? bits : bits - (1 << size) + 1;
}

struct MagnitudeTables {
  EntryTable entries[kMaxMagnitude - kMinMagnitude + 1];

  MagnitudeTables() {
    for (int size = kMinMagnitude; size <= kMaxMagnitude; ++size) {
      for (int window = 0; window < 1 << kLookUpBits; ++window) {
        const int value = SignedMagnitude(window >> (kLookUpBits - size), size);
        entries[size - kMinMagnitude][static_cast<size_t>(window)] =
            Pack(size, 1, kSameBlock, 0, 0, value, value);
      }
    }
  }
};
static_assert(kMaxMagnitude <= kLookUpBits, "a magnitude is one look-up");

const MagnitudeTables& Magnitudes() {
  static const MagnitudeTables tables;
  return tables;
}

// The symbol at the front of a window of `width` bits.
struct Symbol {
  int length = 0;  // of code and magnitude together; 0: they do not fit
  int code_length = 0;
  unsigned run = 0;
  int size = 0, value = 0;
  bool end_of_block = false;
};

Symbol ReadSymbol(const CanonicalCodes& codes, bool is_dc, uint32_t window, int width) {
  Symbol symbol;
  const int code = codes.short_code[window << (kLookUpBits - width)];
  const int code_length = code >> 8;
  const int size = code & 15;
  symbol.run = is_dc ? 0 : static_cast<unsigned>(code >> 4) & 15;
  symbol.end_of_block = !is_dc && (code & 0xFF) == 0;
  const bool undefined = !is_dc && size == 0 && symbol.run != 0 && symbol.run != 15;
  if (code_length == 0 || code_length > width || undefined) {
    return symbol;
  }
  symbol.code_length = code_length;
  symbol.size = size;
  if (code_length + size > width) {
    return symbol;
  }
  symbol.length = code_length + size;
  const int magnitude = static_cast<int>(window >> (width - symbol.length)) & ((1 << size) - 1);
  symbol.value = SignedMagnitude(magnitude, size);
  return symbol;
}

}  // namespace

bool CanonicalCodes::Build(const HuffmanSpec& spec, bool is_dc) {
  short_code.fill(0);
  symbol = spec.symbol;
  int code = 0;
  int index = 0;
  for (size_t length = 1; length <= 16; ++length, code <<= 1) {
    value_offset[length] = index - code;
    for (int i = 0; i < spec.count[length]; ++i, ++code, ++index) {
      const int value = spec.symbol[static_cast<size_t>(index)];
      const bool allowed = is_dc ? value <= 11 : (value & 15) <= 10;  // limits for 8-bit samples
      if (code >= 1 << length || !allowed) {
        return false;
      }
      if (length <= kLookUpBits) {
        const size_t spread = size_t{1} << (kLookUpBits - length);
        std::fill_n(short_code.begin() + static_cast<ptrdiff_t>(static_cast<size_t>(code) * spread),
                    spread, static_cast<uint16_t>(length << 8 | static_cast<size_t>(value)));
      }
    }
    max_code[length] = code - 1;
  }
  return true;
}

bool ComponentCodes::Build(const HuffmanSpec& dc_spec, const HuffmanSpec& ac_spec) {
  if (valid_ && dc_spec == dc_built_ && ac_spec == ac_built_) {
    return true;
  }
  valid_ = dc_.Build(dc_spec, /*is_dc=*/true) && ac_.Build(ac_spec, /*is_dc=*/false);
  if (valid_) {
    for (uint32_t window = 0; window < first_.size(); ++window) {
      first_[window] = MakeEntry(/*is_first=*/true, window);
      later_[window] = MakeEntry(/*is_first=*/false, window);
    }
    dc_built_ = dc_spec;
    ac_built_ = ac_spec;
  }
  return valid_;
}

Entry ComponentCodes::MakeEntry(bool is_first, uint32_t window) const {
  const Symbol a = ReadSymbol(is_first ? dc_ : ac_, is_first, window, kLookUpBits);
  if (a.length == 0) {
    if (a.code_length == 0 || a.size < kMinMagnitude || a.size > kMaxMagnitude) {
      return kSlowEntry;
    }
    const unsigned next = kMagnitude + static_cast<unsigned>(a.size - kMinMagnitude);
    return Pack(a.code_length, a.run, next, a.run, a.run, 0, 0);
  }
  if (a.end_of_block) {
    return Pack(a.length, Entry::kEnd, kNextBlock, 0, 0, 0, 0);
  }
  const int rest = kLookUpBits - a.length;
  const unsigned advance = a.run + 1;
  const Symbol b = ReadSymbol(ac_, /*is_dc=*/false, window & ((1U << rest) - 1), rest);
  if (b.length == 0) {
    return Pack(a.length, advance, kSameBlock, a.run, a.run, a.value, a.value);
  }
  const int length = a.length + b.length;
  if (b.end_of_block) {
    return Pack(length, advance + Entry::kEnd, kNextBlock, a.run, a.run, a.value, a.value);
  }
  return Pack(length, advance + b.run + 1, kSameBlock, a.run, advance + b.run, a.value, b.value);
}

const Entry* MagnitudeTable(int size) { return Magnitudes().entries[size - kMinMagnitude].data(); }

bool IsMagnitudeTable(const Entry* table) {
  const auto& entries = Magnitudes().entries;
  const EntryTable& last = *std::prev(std::end(entries));
  return table >= entries[0].data() && table < last.data() + last.size();
}

}  // namespace reel3d::jpeg
