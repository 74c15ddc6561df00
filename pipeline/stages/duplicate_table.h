// Makes the table that find-duplicates writes, and finds the videos that leak between subsets. The
// table has these columns:
//
//   id_a subset_a label_a  id_b subset_b label_b  found score offset_s mirrored cropped
//
//   found     source (by name and time), pictures, or source+pictures
//   score     share of the shorter video that the other shows, 0 .. 1
//   offset_s  what a shows at t, b shows at t + offset_s
//   mirrored  yes or no
//   cropped   a or b: this video shows only a part of the other's pictures; no: neither does
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

// Joins the pairs of both searches, sorted by a, then b. If both found the same pair, the pair has
// the score and offset of `by_pictures`.
std::vector<DuplicatePair> JoinPairs(const std::vector<SourcePair>& by_source,
                                     const std::vector<PicturePair>& by_pictures);

std::string FormatPairs(const std::vector<DuplicatePair>& pairs,
                        const std::vector<const VideoRow*>& videos);

// Returns the numbers, ascending, of the videos of `subset` that are in a pair with a video of
// another subset. Only the first `num_own` videos are considered.
std::vector<size_t> LeaksOf(Subset subset, size_t num_own, const std::vector<DuplicatePair>& pairs,
                            const std::vector<const VideoRow*>& videos);

}  // namespace reel3d
