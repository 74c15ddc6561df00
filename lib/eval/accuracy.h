// How often scores name the right class: top-k, per class, confusion, confidence. Pure arithmetic.
//
// Ties: of two classes with equal scores the one with the lower index comes first, so a figure does
// not depend on the order in which a sort leaves them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace reel3d {

// Class indices, best first; `count` of them, or all if there are fewer.
template <class Score>
std::vector<int> TopClasses(const Score* scores, int num_classes, int count);

// How many classes come before `label`: 0 means that it is the top-1 class.
template <class Score>
int RankOfClass(const Score* scores, int num_classes, int label);

extern template std::vector<int> TopClasses(const double*, int, int);
extern template std::vector<int> TopClasses(const int64_t*, int, int);
extern template int RankOfClass(const double*, int, int);
extern template int RankOfClass(const float*, int, int);

// One labelled video that was scored.
struct RankedVideo {
  int label = 0;
  int predicted = 0;
  int rank = 0;  // RankOfClass of the label
};

struct ClassAccuracy {
  int64_t num_videos = 0;
  int64_t num_top1 = 0, num_top5 = 0;  // of which right
};

struct Interval {
  double low = 0, high = 0;
};

// Counts over videos. Fractions are of `num_expected` videos, so that a missing one counts as
// wrong, or with `ignore_missing` of those scored; 0 where there are none.
class Accuracy {
 public:
  // num_expected >= videos.size(). Labels are 0 .. num_classes-1.
  Accuracy(const std::vector<RankedVideo>& videos, int64_t num_expected, int num_classes);

  double Top1(bool ignore_missing = false) const { return Fraction(num_top1_, ignore_missing); }
  // With fewer than 5 classes all of them are the top 5, and every scored video is right.
  double Top5(bool ignore_missing = false) const { return Fraction(num_top5_, ignore_missing); }
  // (top-1 + top-5) / 2: "average" in Table 2 of Hara et al. 2017.
  double Average(bool ignore_missing = false) const {
    return (Top1(ignore_missing) + Top5(ignore_missing)) / 2;
  }
  // 95 % percentile bootstrap (Efron 1979) of Top1: 1000 times as many videos as expected are
  // drawn with replacement, missing ones being wrong. The same for the same seed.
  Interval Top1Interval(uint64_t seed) const;

  // By true class; missing videos are in none.
  const std::vector<ClassAccuracy>& classes() const { return classes_; }
  // [true class][predicted class] -> videos.
  const std::vector<std::vector<int64_t>>& confusion() const { return confusion_; }
  // Mean over the classes that have videos, of the share that is right in each.
  double MeanClassTop1() const;

 private:
  double Fraction(int64_t count, bool ignore_missing) const;

  int64_t num_scored_, num_expected_;
  int64_t num_top1_ = 0, num_top5_ = 0;
  std::vector<ClassAccuracy> classes_;
  std::vector<std::vector<int64_t>> confusion_;
};

}  // namespace reel3d
