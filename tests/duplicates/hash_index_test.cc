// SPDX-License-Identifier: Apache-2.0
#include "lib/duplicates/hash_index.h"

#include <gtest/gtest.h>

#include <set>

#include "lib/base/rng.h"

namespace reel3d {
namespace {

PdqHash RandomHash(Rng* rng) {
  PdqHash hash;
  for (uint64_t& word : hash.words) {
    word = rng->Next();
  }
  return hash;
}

// Returns `hash` with exactly `count` bits changed.
PdqHash Changed(PdqHash hash, int count, Rng* rng) {
  std::set<int64_t> bits;
  while (bits.size() < static_cast<size_t>(count)) {
    bits.insert(rng->Below(256));
  }
  for (const int64_t bit : bits) {
    hash.words[bit / 64] ^= uint64_t{1} << (bit % 64);
  }
  return hash;
}

// Returns random hashes, and near some of them further hashes at every distance up to 40.
std::vector<PdqHash> PlantedHashes(Rng* rng) {
  std::vector<PdqHash> hashes;
  for (int i = 0; i < 1500; ++i) {
    hashes.push_back(RandomHash(rng));
  }
  for (size_t centre = 0; centre < 20; ++centre) {
    for (int distance = 0; distance <= 40; ++distance) {
      hashes.push_back(Changed(hashes[centre], distance, rng));
    }
  }
  return hashes;
}

int FewestFlips(const PdqHash& a, const PdqHash& b) {
  const HashIndex::Keys of_a = HashIndex::KeysOf(a);
  const HashIndex::Keys of_b = HashIndex::KeysOf(b);
  int fewest = 32;
  for (size_t band = 0; band < of_a.size(); ++band) {
    fewest = std::min(fewest, __builtin_popcount(of_a[band] ^ of_b[band]));
  }
  return fewest;
}

TEST(HashIndex, FindsExactlyWhatComparingAllPairsFinds) {
  Rng rng(3);
  const std::vector<PdqHash> hashes = PlantedHashes(&rng);
  int num_found = 0;
  for (const auto& [radius, flips] :
       {std::pair(0, 0), std::pair(7, 0), std::pair(15, 1), std::pair(23, 2), std::pair(31, 3)}) {
    const HashIndex index(hashes, radius, flips);
    std::vector<uint32_t> found;
    for (size_t query = 0; query < 60; ++query) {
      std::vector<uint32_t> expected;
      for (size_t i = 0; i < hashes.size(); ++i) {
        if (Distance(hashes[query], hashes[i]) <= radius) {
          expected.push_back(static_cast<uint32_t>(i));
        }
      }
      index.Find(hashes[query], &found);
      EXPECT_EQ(found, expected) << radius;
      num_found += static_cast<int>(found.size());
    }
  }
  EXPECT_GT(num_found, 20 * (1 + 8 + 16 + 24 + 32));
}

TEST(HashIndex, FewerFlipsFindThoseWithANearBand) {
  Rng rng(4);
  const std::vector<PdqHash> hashes = PlantedHashes(&rng);
  const HashIndex index(hashes, 31, 1);
  std::vector<uint32_t> found;
  int num_missed = 0;
  for (size_t query = 0; query < 60; ++query) {
    std::vector<uint32_t> expected;
    for (size_t i = 0; i < hashes.size(); ++i) {
      const bool near = Distance(hashes[query], hashes[i]) <= 31;
      if (near && FewestFlips(hashes[query], hashes[i]) <= 1) {
        expected.push_back(static_cast<uint32_t>(i));
      }
      num_missed += near && FewestFlips(hashes[query], hashes[i]) > 1 ? 1 : 0;
    }
    index.Find(hashes[query], &found);
    EXPECT_EQ(found, expected);
  }
  EXPECT_GT(num_missed, 0);
}

TEST(HashIndex, BandsHoldEachBitOnceAndTheLowestFrequenciesFirst) {
  std::set<std::pair<size_t, uint32_t>> places;
  for (size_t bit = 0; bit < 256; ++bit) {
    PdqHash hash;
    hash.words[bit / 64] = uint64_t{1} << (bit % 64);
    const HashIndex::Keys keys = HashIndex::KeysOf(hash);
    for (size_t band = 0; band < keys.size(); ++band) {
      if (keys[band] != 0) {
        places.insert({band, keys[band]});
      }
    }
  }
  EXPECT_EQ(places.size(), 256U);
  PdqHash lowest;
  lowest.words[0] = 1;  // frequency 1, 1
  EXPECT_NE(HashIndex::KeysOf(lowest).front(), 0U);
  PdqHash highest;
  highest.words[3] = uint64_t{1} << 63;  // frequency 16, 16
  EXPECT_NE(HashIndex::KeysOf(highest).back(), 0U);
}

TEST(HashIndex, AnEmptyOneFindsNothing) {
  std::vector<uint32_t> found = {1};
  HashIndex({}, 31, 1).Find({}, &found);
  EXPECT_TRUE(found.empty());
}

}  // namespace
}  // namespace reel3d
