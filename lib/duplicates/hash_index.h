// Finds hashes near another one without comparing all pairs: multi-index hashing (Norouzi, Punjani
// and Fleet 2012). A hash is cut into eight bands of 32 bits. Of two hashes within `radius` bits,
// one band differs in at most radius / 8 bits, so looking up every such band finds them all.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "lib/duplicates/pdq_hash.h"

namespace reel3d {

class HashIndex {
 public:
  // Keeps hashes of its own. `radius` is 0 .. 31; a look-up of radius 0 .. 7 is 8 probes, of 8 ..
  // 15 264, of 16 .. 23 4232, of 24 .. 31 43912.
  HashIndex(std::vector<PdqHash> hashes, int radius);

  // Replaces `found` by the numbers of exactly those hashes that are within the radius, rising. Any
  // thread.
  void Find(const PdqHash& query, std::vector<uint32_t>* found) const;

 private:
  static constexpr int kNumBands = 8;
  struct Band {
    std::vector<uint32_t> begins;   // by the highest bits of the key
    std::vector<uint64_t> entries;  // key << 32 | number of the hash, rising
  };

  static uint32_t Key(const PdqHash& hash, int band) {
    return static_cast<uint32_t>(hash.words[band / 2] >> (band % 2 * 32));
  }
  void MakeBand(int band);

  const std::vector<PdqHash> hashes_;
  const int radius_;
  int shift_ = 31;               // of a key, for Band::begins
  std::vector<uint32_t> masks_;  // the bits in which a band may differ
  std::array<Band, kNumBands> bands_;
};

}  // namespace reel3d
