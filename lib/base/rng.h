// Makes random numbers that depend only on their purpose: a generator is keyed by (seed, epoch,
// sample). So any number of threads and ranks draws the same clips and crops.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace reel3d {

// Returns 64-bit FNV-1a followed by an avalanche step, as the stable key of a video id. It must
// never change, on any machine, because splits and sampling orders depend on it.
uint64_t StableHash(std::string_view text);

// SplitMix64 (Steele, Lea, Flood 2014), started from a mix of its keys. Do not use it for secrets.
class Rng {
 public:
  explicit Rng(uint64_t seed, uint64_t key1 = 0, uint64_t key2 = 0, uint64_t key3 = 0);

  uint64_t Next();
  // Returns a uniform number of 0 .. bound-1, without bias; `bound` is at least 1.
  int64_t Below(int64_t bound);
  // Returns a uniform number of [0, 1), with 53 bits.
  double Uniform();
  // Returns a uniform number of [low, high).
  double Uniform(double low, double high) { return low + (high - low) * Uniform(); }

 private:
  uint64_t state_;
};

}  // namespace reel3d
