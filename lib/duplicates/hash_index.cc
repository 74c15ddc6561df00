// SPDX-License-Identifier: Apache-2.0
#include "lib/duplicates/hash_index.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "lib/base/error.h"

namespace reel3d {
namespace {

constexpr int kKeyBits = 32;

// Appends all masks of `count` bits at or above `bit`, added to `mask`.
void AddMasks(uint32_t mask, int bit, int count, std::vector<uint32_t>* masks) {
  if (count == 0) {
    masks->push_back(mask);
    return;
  }
  for (; bit < kKeyBits; ++bit) {
    AddMasks(mask | uint32_t{1} << bit, bit + 1, count - 1, masks);
  }
}

// Returns the bits of a hash by their frequency, lowest first.
std::array<uint8_t, 256> BitsByFrequency() {
  std::array<uint8_t, 256> bits;
  std::iota(bits.begin(), bits.end(), uint8_t{0});
  const auto squared = [](uint8_t bit) {
    const int i = bit / 16 + 1;
    const int j = bit % 16 + 1;
    return i * i + j * j;
  };
  std::stable_sort(bits.begin(), bits.end(),
                   [&](uint8_t a, uint8_t b) { return squared(a) < squared(b); });
  return bits;
}

}  // namespace

HashIndex::Keys HashIndex::KeysOf(const PdqHash& hash) {
  static const std::array<uint8_t, 256> bits = BitsByFrequency();
  Keys keys{};
  for (size_t i = 0; i < bits.size(); ++i) {
    const uint64_t bit = hash.words[bits[i] / 64] >> (bits[i] % 64) & 1;
    keys[i / kKeyBits] |= static_cast<uint32_t>(bit) << (i % kKeyBits);
  }
  return keys;
}

HashIndex::HashIndex(std::vector<PdqHash> hashes, int radius, int flips)
    : hashes_(std::move(hashes)), radius_(radius) {
  REEL3D_CHECK(hashes_.size() < UINT32_MAX);
  for (int count = 0; count <= flips; ++count) {
    AddMasks(0, 0, count, &masks_);
  }
  while (shift_ > 8 && hashes_.size() >> (kKeyBits - shift_) > 1) {
    --shift_;
  }
  std::vector<Keys> keys;
  keys.reserve(hashes_.size());
  for (const PdqHash& hash : hashes_) {
    keys.push_back(KeysOf(hash));
  }
  for (size_t band = 0; band < kNumBands; ++band) {
    MakeBand(keys, band);
  }
}

void HashIndex::MakeBand(const std::vector<Keys>& keys, size_t band) {
  Band& made = bands_[band];
  made.entries.reserve(keys.size());
  made.begins.assign((size_t{1} << (kKeyBits - shift_)) + 1, 0);
  for (size_t i = 0; i < keys.size(); ++i) {
    const uint32_t key = keys[i][band];
    made.entries.push_back(uint64_t{key} << kKeyBits | i);
    ++made.begins[(key >> shift_) + 1];
  }
  std::sort(made.entries.begin(), made.entries.end());
  std::partial_sum(made.begins.begin(), made.begins.end(), made.begins.begin());
}

void HashIndex::Find(const PdqHash& query, std::vector<uint32_t>* found) const {
  found->clear();
  const Keys keys = KeysOf(query);
  for (size_t band = 0; band < kNumBands; ++band) {
    const Band& in = bands_[band];
    for (const uint32_t mask : masks_) {
      const uint32_t key = keys[band] ^ mask;
      const size_t prefix = key >> shift_;
      for (uint32_t i = in.begins[prefix]; i < in.begins[prefix + 1]; ++i) {
        const auto number = static_cast<uint32_t>(in.entries[i]);
        if (in.entries[i] >> kKeyBits == key && Distance(query, hashes_[number]) <= radius_) {
          found->push_back(number);
        }
      }
    }
  }
  std::sort(found->begin(), found->end());
  found->erase(std::unique(found->begin(), found->end()), found->end());
}

}  // namespace reel3d
