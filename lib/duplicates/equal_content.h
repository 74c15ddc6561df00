// Finds videos whose sampled frames are equal byte for byte, such as two files with one content.
// Pictures that are too flat or dark for a search by pictures are compared here as well.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "lib/duplicates/picture_pairs.h"

namespace reel3d {

// Collects what identifies the content of one video, from its sampled frames in order.
class ContentMaker {
 public:
  void Add(const uint8_t* frame, size_t size_bytes);
  // Returns the content: 64 bits, equal for equal frames. 0: no frames were added.
  uint64_t content() const { return content_; }

 private:
  uint64_t content_ = 0;
};

// Returns the pairs of comparable videos with the same content, with a score of 1 and no offset.
// Videos with content 0 are in no pair. `num_pictures` has each video's number of sampled frames.
std::vector<PicturePair> EqualPairs(const std::vector<uint64_t>& contents,
                                    const std::vector<int>& num_pictures,
                                    const PairFinder::Comparable& comparable);

}  // namespace reel3d
