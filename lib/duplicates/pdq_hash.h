// A PDQ hash names what a picture looks like in 256 bits: hashes of pictures that look alike differ
// in few bits, those of unrelated pictures in about 128.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace reel3d {

struct PdqHash {
  // Bit 16 * i + j, with i and j from 0 to 15, says that the coefficient of vertical frequency
  // i + 1 and horizontal frequency j + 1 is above the median. Bit 0 is the first word's lowest.
  std::array<uint64_t, 4> words{};

  bool operator==(const PdqHash& other) const { return words == other.words; }
};

// The authors of PDQ treat pictures as the same up to this distance, in bits.
constexpr int kPdqRadius = 31;

// Returns the number of bits that differ, 0 .. 256.
inline int Distance(const PdqHash& a, const PdqHash& b) {
  int distance = 0;
  for (size_t i = 0; i < a.words.size(); ++i) {
    distance += __builtin_popcountll(a.words[i] ^ b.words[i]);
  }
  return distance;
}

// Returns 64 hexadecimal digits, the highest bit first, as other implementations print hashes.
std::string ToHex(const PdqHash& hash);

}  // namespace reel3d
