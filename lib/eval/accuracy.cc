// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/accuracy.h"

#include <algorithm>
#include <numeric>

#include "lib/base/error.h"
#include "lib/eval/row_passes.h"

namespace reel3d {
template <class Score>
std::vector<int> TopClasses(const Score* scores, int num_classes, int count) {
  std::vector<int> order(static_cast<size_t>(num_classes));
  std::iota(order.begin(), order.end(), 0);
  const int kept = std::min(count, num_classes);
  std::partial_sort(order.begin(), order.begin() + kept, order.end(), [&](int a, int b) {
    return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
  });
  order.resize(static_cast<size_t>(kept));
  return order;
}

template <class Score>
int RankOfClass(const Score* scores, int num_classes, int label) {
  const Score of_label = scores[label];
  int rank = 0;
  for (int other = 0; other < label; ++other) {
    rank += scores[other] >= of_label;
  }
  for (int other = label + 1; other < num_classes; ++other) {
    rank += scores[other] > of_label;
  }
  return rank;
}

template std::vector<int> TopClasses(const double*, int, int);
template std::vector<int> TopClasses(const int64_t*, int, int);
template int RankOfClass(const double*, int, int);
template int RankOfClass(const float*, int, int);

int BestClass(const double* scores, int num_classes) {
  const double largest = LargestOf(scores, static_cast<size_t>(num_classes));
  return static_cast<int>(std::find(scores, scores + num_classes, largest) - scores);
}

Accuracy::Accuracy(const std::vector<RankedVideo>& videos, int64_t num_expected, int num_classes)
    : num_scored_(static_cast<int64_t>(videos.size())),
      num_expected_(num_expected),
      classes_(static_cast<size_t>(num_classes)),
      confusion_(static_cast<size_t>(num_classes),
                 std::vector<int64_t>(static_cast<size_t>(num_classes))) {
  REEL3D_CHECK(num_expected_ >= num_scored_);
  for (const RankedVideo& video : videos) {
    ClassAccuracy& of_class = classes_.at(static_cast<size_t>(video.label));
    ++of_class.num_videos;
    of_class.num_top1 += video.rank < 1;
    of_class.num_top5 += video.rank < 5;
    ++confusion_[static_cast<size_t>(video.label)].at(static_cast<size_t>(video.predicted));
  }
  for (const ClassAccuracy& of_class : classes_) {
    num_top1_ += of_class.num_top1;
    num_top5_ += of_class.num_top5;
  }
}

double Accuracy::MeanClassTop1() const {
  double sum = 0;
  int num_seen = 0;
  for (const ClassAccuracy& of_class : classes_) {
    if (of_class.num_videos > 0) {
      sum += static_cast<double>(of_class.num_top1) / static_cast<double>(of_class.num_videos);
      ++num_seen;
    }
  }
  return num_seen == 0 ? 0 : sum / num_seen;
}

double Accuracy::Fraction(int64_t count, bool ignore_missing) const {
  const int64_t total = ignore_missing ? num_scored_ : num_expected_;
  return total == 0 ? 0 : static_cast<double>(count) / static_cast<double>(total);
}

}  // namespace reel3d
