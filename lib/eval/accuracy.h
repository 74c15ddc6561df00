// Counts how often scores name the right class: top-k, per class, confusion. Pure arithmetic.
//
// If two classes have equal scores, the one with the lower index comes first. So a figure does not
// depend on how a sort orders equal scores.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace reel3d {

// Returns class indices, best first: `count` of them, or all if there are fewer.
template <class Score>
std::vector<int> TopClasses(const Score* scores, int num_classes, int count);

// Returns the number of classes that come before `label`: 0 means that `label` is the top-1 class.
template <class Score>
int RankOfClass(const Score* scores, int num_classes, int label);

// Returns the top-1 class: TopClasses()[0], but faster.
int BestClass(const double* scores, int num_classes);

extern template std::vector<int> TopClasses(const double*, int, int);
extern template std::vector<int> TopClasses(const int64_t*, int, int);
extern template int RankOfClass(const double*, int, int);
extern template int RankOfClass(const float*, int, int);

// A labelled video that was scored.
struct RankedVideo {
  int label = 0;
  int predicted = 0;
  int rank = 0;  // RankOfClass of the label
};

struct ClassAccuracy {
  int64_t num_videos = 0;
  int64_t num_top1 = 0, num_top5 = 0;  // videos whose label is among the best 1, 5
};

// Counts over videos. Fractions are relative to `num_expected` videos, so that a missing video
// counts as wrong. With `ignore_missing` they are relative to the scored videos. They are 0 if
// there are no videos.
class Accuracy {
 public:
  // num_expected >= videos.size(). Labels are 0 .. num_classes-1.
  Accuracy(const std::vector<RankedVideo>& videos, int64_t num_expected, int num_classes);

  double Top1(bool ignore_missing = false) const { return Fraction(num_top1_, ignore_missing); }
  // With 5 classes or fewer, every class is in the top 5 and every scored video is right.
  double Top5(bool ignore_missing = false) const { return Fraction(num_top5_, ignore_missing); }
  // Returns (top-1 + top-5) / 2: "average" in Table 2 of Hara et al. 2017.
  double Average(bool ignore_missing = false) const {
    return (Top1(ignore_missing) + Top5(ignore_missing)) / 2;
  }
  // Returns the counts by true class; missing videos are in no class.
  const std::vector<ClassAccuracy>& classes() const { return classes_; }
  // Returns the number of videos by [true class][predicted class].
  const std::vector<std::vector<int64_t>>& confusion() const { return confusion_; }
  // Returns the top-1 accuracy of each class, averaged over the classes that have videos.
  double MeanClassTop1() const;

 private:
  double Fraction(int64_t count, bool ignore_missing) const;

  int64_t num_scored_, num_expected_;
  int64_t num_top1_ = 0, num_top5_ = 0;
  std::vector<ClassAccuracy> classes_;
  std::vector<std::vector<int64_t>> confusion_;
};

}  // namespace reel3d
