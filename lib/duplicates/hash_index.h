// Finds hashes near another one without comparing all pairs: multi-index hashing (Norouzi, Punjani
// and Fleet 2012). A hash is cut into eight bands of 32 bits, and each band is looked up with up to
// `flips` of its bits changed. If two hashes differ in at most 8 * flips + 7 bits, at least one
// band finds the pair.
//
// Bands are ordered by frequency. Encoding and resizing change high frequencies most, so the bands
// of low frequencies also find most pairs that differ in more bits.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "lib/duplicates/pdq_hash.h"

namespace reel3d {

class HashIndex {
 public:
  static constexpr int kNumBands = 8;
  using Keys = std::array<uint32_t, kNumBands>;
  // Returns the bands of a hash, low frequencies first. Each bit is in one band.
  static Keys KeysOf(const PdqHash& hash);

  // A look-up takes 8, 264, 4232 or 43912 probes for 0, 1, 2 or 3 flips. With radius / 8 flips or
  // more, Find() finds all hashes within the radius.
  HashIndex(std::vector<PdqHash> hashes, int radius, int flips);

  // Sets `found` to the rising numbers of the hashes that are within the radius and have a band
  // that differs in at most `flips` bits. Any thread may call it.
  void Find(const PdqHash& query, std::vector<uint32_t>* found) const;

 private:
  struct Band {
    std::vector<uint32_t> begins;   // the first entry, by the highest bits of the key
    std::vector<uint64_t> entries;  // key << 32 | number of the hash, rising
  };

  void MakeBand(const std::vector<Keys>& keys, size_t band);

  const std::vector<PdqHash> hashes_;
  const int radius_;
  int shift_ = 31;               // key >> shift_ is the index into Band::begins
  std::vector<uint32_t> masks_;  // the bits in which a band may differ
  std::array<Band, kNumBands> bands_;
};

}  // namespace reel3d
