// Finds pairs of videos that show the same, by their pictures. A possible pair begins with two
// pictures, one of each video, that resemble each other (hash_index.h). Then all pictures of both
// videos vote, at the time offset of these two pictures.
//
// Pictures alone cannot distinguish two films of one room, as most of each picture is the room. So
// if something moves, the motion must agree as well.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "lib/duplicates/hash_index.h"
#include "lib/duplicates/video_signature.h"

namespace reel3d {

struct PicturePair {
  size_t a = 0, b = 0;     // numbers of the videos, a < b
  int num_near = 0;        // pictures of a that look like those of b
  double score = 0;        // num_near as a share of the shorter video's voting pictures
  int offset = 0;          // picture i of a looks like picture i + offset of b
  int part_of_a = kWhole;  // the part of a's picture that b shows; not kWhole: b is cropped
  int part_of_b = kWhole;  // the part of b's picture that a shows; a or b is kWhole
  bool mirrored = false;
  double mean_distance = 0;        // of the pictures' hashes, bits
  double motion_disagreement = 0;  // share of one video's strong changes that the other lacks
  int num_moving = 0;              // pictures whose motion was compared
};

class PairFinder {
 public:
  // Says whether videos may be a pair.
  using Comparable = std::function<bool(size_t, size_t)>;

  // `videos` must outlive the finder. Videos without pictures are in no pair. `depth` is the number
  // of bits that are changed in a look-up (`flips` of HashIndex), 1 .. 3; 0 means 2, or 1 for more
  // than a million pictures.
  PairFinder(const std::vector<VideoSignature>& videos, Comparable comparable, int depth);

  int depth() const { return depth_; }

  struct Found {
    std::vector<PicturePair> pairs;  // at most one with each other video
    // Pictures that resemble so many others that they count as titles or test cards. Such pictures
    // begin no pair.
    int64_t num_commonplace = 0;
  };
  // Returns pairs of `video` with others. A pair may be found from only one of its two videos, so
  // call this for each video and pass all pairs to BestPairs(). Any thread may call it.
  Found PairsOf(size_t video) const;

 private:
  struct Hypothesis;
  struct Entry {
    uint32_t video, picture;
  };

  std::vector<Hypothesis> Hypotheses(size_t video, int64_t* num_commonplace) const;
  bool Verify(const Hypothesis& hypothesis, PicturePair* pair) const;

  const std::vector<VideoSignature>& videos_;
  const Comparable comparable_;
  std::vector<Entry> entries_;  // one for each voting picture, which has two hashes in the index
  std::vector<int> num_voting_;
  int depth_ = 0;
  std::unique_ptr<const HashIndex> index_;
};

// Keeps the best pair of each two videos, and sorts the pairs by a, then b.
std::vector<PicturePair> BestPairs(std::vector<PicturePair> pairs);

}  // namespace reel3d
