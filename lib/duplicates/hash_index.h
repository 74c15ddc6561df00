// Finds hashes near another one without comparing all pairs: multi-index hashing (Norouzi, Punjani
// and Fleet 2012). A hash is cut into eight bands of 32 bits, and each band is looked up with up to
// `flips` of its bits changed. Of two hashes within 8 * flips + 7 bits, one band is always found.
//
// Bands go by frequency. Encoding and resizing change high frequencies most, so the bands of low
// ones agree in most pairs that are further apart than that.
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

  // Keeps hashes of its own. A look-up with 0 flips takes 8 probes, with 1 264, with 2 4232, with 3
  // 43912. With radius / 8 flips or more it finds all hashes within the radius.
  HashIndex(std::vector<PdqHash> hashes, int radius, int flips);

  // Replaces `found` by the numbers of those hashes that are within the radius and have a band that
  // differs in at most `flips` bits, rising. Any thread.
  void Find(const PdqHash& query, std::vector<uint32_t>* found) const;

 private:
  struct Band {
    std::vector<uint32_t> begins;   // by the highest bits of the key
    std::vector<uint64_t> entries;  // key << 32 | number of the hash, rising
  };

  void MakeBand(const std::vector<Keys>& keys, size_t band);

  const std::vector<PdqHash> hashes_;
  const int radius_;
  int shift_ = 31;               // of a key, for Band::begins
  std::vector<uint32_t> masks_;  // the bits in which a band may differ
  std::array<Band, kNumBands> bands_;
};

}  // namespace reel3d
