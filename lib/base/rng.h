// Random numbers that depend on what they are for, never on who asks or when: a generator is keyed
// by (seed, epoch, sample), so any number of threads and ranks draws the same clips and crops.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace reel3d {

// 64-bit FNV-1a followed by an avalanche step: the stable key of a video id. The same on every
// machine, for ever: splits and sampling orders hang on it.
uint64_t StableHash(std::string_view text);

// SplitMix64 (Steele, Lea, Flood 2014) started from a mix of its keys. Not for secrets.
class Rng {
 public:
  explicit Rng(uint64_t seed, uint64_t key1 = 0, uint64_t key2 = 0, uint64_t key3 = 0);

  uint64_t Next();
  // Uniform on 0 .. bound-1, without bias. bound >= 1.
  int64_t Below(int64_t bound);
  // Uniform on [0, 1), 53 bits.
  double Uniform();
  // Uniform on [low, high).
  double Uniform(double low, double high) { return low + (high - low) * Uniform(); }

 private:
  uint64_t state_;
};

}  // namespace reel3d
