// SPDX-License-Identifier: Apache-2.0
#include "lib/base/rng.h"

namespace reel3d {
namespace {

constexpr uint64_t kGolden = 0x9E3779B97F4A7C15;

// Applies the finaliser of SplitMix64.
uint64_t Mix(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
  return value ^ (value >> 31);
}

}  // namespace

uint64_t StableHash(std::string_view text) {
  uint64_t hash = 0xCBF29CE484222325;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  }
  return Mix(hash);
}

Rng::Rng(uint64_t seed, uint64_t key1, uint64_t key2, uint64_t key3) : state_(seed) {
  for (const uint64_t key : {key1, key2, key3}) {
    state_ = Mix(Mix(state_ + kGolden) ^ key);
  }
}

uint64_t Rng::Next() {
  state_ += kGolden;
  return Mix(state_);
}

int64_t Rng::Below(int64_t bound) {
  const auto range = static_cast<uint64_t>(bound);
  // Values past the last whole multiple of the range would favour small results.
  const uint64_t limit = range * (UINT64_MAX / range);
  uint64_t value = Next();
  while (value >= limit) {
    value = Next();
  }
  return static_cast<int64_t>(value % range);
}

double Rng::Uniform() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }

}  // namespace reel3d
