// SPDX-License-Identifier: Apache-2.0
#include "lib/duplicates/equal_content.h"

#include <fmt/format.h>

#include <unordered_map>

#include "lib/base/file.h"
#include "lib/base/rng.h"

namespace reel3d {

void ContentMaker::Add(const uint8_t* frame, size_t size_bytes) {
  content_ =
      StableHash(fmt::format("{:x} {:x} {:x}", content_, size_bytes, Crc32(frame, size_bytes)));
}

std::vector<PicturePair> EqualPairs(const std::vector<uint64_t>& contents,
                                    const std::vector<int>& num_pictures,
                                    const PairFinder::Comparable& comparable) {
  std::unordered_map<uint64_t, std::vector<size_t>> videos_of_content;
  std::vector<PicturePair> pairs;
  for (size_t b = 0; b < contents.size(); ++b) {
    if (contents[b] == 0) {
      continue;
    }
    std::vector<size_t>& equal = videos_of_content[contents[b]];
    for (const size_t a : equal) {
      if (comparable(a, b)) {
        PicturePair pair;
        pair.a = a;
        pair.b = b;
        pair.num_near = num_pictures[b];
        pair.score = 1;
        pairs.push_back(pair);
      }
    }
    equal.push_back(b);
  }
  return pairs;
}

}  // namespace reel3d
