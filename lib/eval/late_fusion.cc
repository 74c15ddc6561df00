// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/late_fusion.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "lib/base/error.h"
#include "lib/base/parallel.h"

namespace reel3d {
namespace {

constexpr int kNumWeights = 21;

double WeightOf(int step) { return static_cast<double>(step) / (kNumWeights - 1); }

// Returns whether the label has the highest mean. Among equal means the lower class comes first.
bool IsRight(const PairedVideo& video, double weight_of_b) {
  if (video.answer_a == video.answer_b) {
    return video.answer_a == video.label;
  }
  const auto mean_of = [&](int label) {
    const auto place = static_cast<size_t>(label);
    return (1 - weight_of_b) * video.probabilities_a[place] +
           weight_of_b * video.probabilities_b[place];
  };
  const double of_label = mean_of(video.label);
  const auto beats_label = [&](int other) {
    const double mean = mean_of(other);
    return mean > of_label || (mean == of_label && other < video.label);
  };
  // Mostly one of the two answers wins, and then the other classes need no look.
  bool is_right = !beats_label(video.answer_a) && !beats_label(video.answer_b);
  const auto num_classes = static_cast<int>(video.probabilities_a.size());
  for (int other = 0; is_right && other < num_classes; ++other) {
    is_right = !beats_label(other);
  }
  return is_right;
}

int BestStep(const std::array<int64_t, kNumWeights>& num_right) {
  constexpr int kMiddle = (kNumWeights - 1) / 2;
  int best = kMiddle;
  for (int distance = 1; distance <= kMiddle; ++distance) {
    for (const int step : {kMiddle - distance, kMiddle + distance}) {
      if (num_right[static_cast<size_t>(step)] > num_right[static_cast<size_t>(best)]) {
        best = step;
      }
    }
  }
  return best;
}

}  // namespace

FusedAnswers FuseLate(const std::vector<PairedVideo>& videos, const std::vector<int>& halves,
                      int threads) {
  REEL3D_CHECK(videos.size() == halves.size());
  // By video, then by step.
  std::vector<std::array<bool, kNumWeights>> is_right(videos.size());
  ParallelFor(videos.size(), threads, [&](size_t video) {
    for (int step = 0; step < kNumWeights; ++step) {
      is_right[video][static_cast<size_t>(step)] = IsRight(videos[video], WeightOf(step));
    }
  });
  std::array<std::array<int64_t, kNumWeights>, 2> num_right = {};
  for (size_t video = 0; video < videos.size(); ++video) {
    for (size_t step = 0; step < kNumWeights; ++step) {
      num_right[static_cast<size_t>(halves[video])][step] += is_right[video][step] ? 1 : 0;
    }
  }
  int best_step[2];
  FusedAnswers fused;
  for (size_t half = 0; half < 2; ++half) {
    best_step[half] = BestStep(num_right[half]);
    fused.weight_of_b[half] = WeightOf(best_step[half]);
  }
  for (size_t video = 0; video < videos.size(); ++video) {
    const int other = best_step[1 - halves[video]];
    fused.is_right.push_back(is_right[video][static_cast<size_t>(other)]);
  }
  return fused;
}

}  // namespace reel3d
