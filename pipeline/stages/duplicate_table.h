// The table that find-duplicates writes, and the manifest without the training videos that it
// names.
//
//   id_a subset_a label_a  id_b subset_b label_b  found score offset_s mirrored cropped
//
//   found     source (by name and time), pictures, or source+pictures
//   score     share of the shorter video that the other shows, 0 .. 1
//   offset_s  what a shows at t, b shows at t + offset_s
//   mirrored  yes or no
//   cropped   a or b: that one shows only a part of the other's pictures; no
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lib/data/manifest.h"
#include "lib/duplicates/picture_pairs.h"
#include "lib/duplicates/source_pairs.h"

namespace reel3d {

struct DuplicatePair {
  size_t a = 0, b = 0;  // numbers of the videos, a < b
  bool by_source = false, by_pictures = false;
  double score = 0, offset_s = 0;
  bool mirrored = false;
  const char* cropped = "no";
};

// Joins what both searches found, by a, then b. Where both found a pair, the pictures say its
// score and offset.
std::vector<DuplicatePair> JoinPairs(const std::vector<SourcePair>& by_source,
                                     const std::vector<PicturePair>& by_pictures);

std::string FormatPairs(const std::vector<DuplicatePair>& pairs,
                        const std::vector<const VideoRow*>& videos);

// Returns the numbers of the first `num_own` videos that are in `subset` and in a pair with a video
// of another subset, rising.
std::vector<size_t> LeaksOf(Subset subset, size_t num_own, const std::vector<DuplicatePair>& pairs,
                            const std::vector<const VideoRow*>& videos);

}  // namespace reel3d
