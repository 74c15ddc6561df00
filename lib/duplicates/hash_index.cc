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

}  // namespace

HashIndex::HashIndex(std::vector<PdqHash> hashes, int radius)
    : hashes_(std::move(hashes)), radius_(radius) {
  REEL3D_CHECK(radius >= 0 && radius < kKeyBits && hashes_.size() < UINT32_MAX);
  for (int count = 0; count <= radius / kNumBands; ++count) {
    AddMasks(0, 0, count, &masks_);
  }
  while (shift_ > 8 && hashes_.size() >> (kKeyBits - shift_) > 1) {
    --shift_;
  }
  for (int band = 0; band < kNumBands; ++band) {
    MakeBand(band);
  }
}

void HashIndex::MakeBand(int band) {
  Band& made = bands_[band];
  made.entries.reserve(hashes_.size());
  made.begins.assign((size_t{1} << (kKeyBits - shift_)) + 1, 0);
  for (size_t i = 0; i < hashes_.size(); ++i) {
    const uint32_t key = Key(hashes_[i], band);
    made.entries.push_back(uint64_t{key} << kKeyBits | i);
    ++made.begins[(key >> shift_) + 1];
  }
  std::sort(made.entries.begin(), made.entries.end());
  std::partial_sum(made.begins.begin(), made.begins.end(), made.begins.begin());
}

void HashIndex::Find(const PdqHash& query, std::vector<uint32_t>* found) const {
  found->clear();
  for (int band = 0; band < kNumBands; ++band) {
    const Band& in = bands_[band];
    for (const uint32_t mask : masks_) {
      const uint32_t key = Key(query, band) ^ mask;
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
