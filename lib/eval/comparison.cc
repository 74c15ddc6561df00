// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/host.h"
#include "lib/eval/accuracy.h"
#include "lib/eval/late_fusion.h"
#include "lib/eval/paired_test.h"
#include "lib/eval/paired_videos.h"
#include "lib/eval/share.h"

namespace reel3d {
namespace {

void Count(bool a_is_right, bool b_is_right, Flips* flips) {
  ++(a_is_right ? (b_is_right ? flips->both_right : flips->to_wrong)
                : (b_is_right ? flips->to_right : flips->both_wrong));
}

// Computes one figure: whether the label is among the first `k` classes.
ComparedFigure CompareTop(const std::vector<PairedVideo>& videos, int k) {
  ComparedFigure figure;
  for (const PairedVideo& video : videos) {
    Count(video.rank_a < k, video.rank_b < k, &figure.flips);
  }
  figure.p_value = McNemarPValue(figure.flips.to_wrong, figure.flips.to_right);
  return figure;
}

// Returns for each video 1, 0 or -1: by how much the answer of B is better among the first `k`.
std::vector<int> GainsOf(const std::vector<PairedVideo>& videos, int k) {
  std::vector<int> gains;
  for (const PairedVideo& video : videos) {
    gains.push_back((video.rank_b < k ? 1 : 0) - (video.rank_a < k ? 1 : 0));
  }
  return gains;
}

// The bootstrap knows only the videos that changed, so with few of them it is too narrow. Groups of
// similar videos make an interval wider than that of independent videos, not narrower.
Interval IntervalOf(const Flips& flips, const std::vector<double>& resampled, double level) {
  return Wider(PercentileInterval(resampled, level),
               PairedInterval(flips.to_wrong, flips.to_right, flips.total(), level));
}

void AddIntervals(const std::vector<PairedVideo>& videos, const std::vector<int>& groups,
                  const Resampling& resampling, Comparison* comparison) {
  const std::vector<int> gains1 = GainsOf(videos, 1);
  const std::vector<int> gains5 = GainsOf(videos, 5);
  const auto differences = [&](const Draws& draws) {
    int64_t num_drawn = 0;
    int64_t top1 = 0;
    int64_t top5 = 0;
    for (size_t video = 0; video < draws.size(); ++video) {
      const auto count = static_cast<int64_t>(draws[video]);
      num_drawn += count;
      top1 += count * gains1[video];
      top5 += count * gains5[video];
    }
    return std::vector<double>{Share(top1, num_drawn), Share(top5, num_drawn)};
  };
  const auto values = BootstrapValues(groups, resampling, differences);
  size_t place = 0;
  for (ComparedFigure* figure : {&comparison->top1, &comparison->top5}) {
    figure->interval_95 = IntervalOf(figure->flips, values[place], 0.95);
    figure->interval_90 = IntervalOf(figure->flips, values[place], 0.90);
    ++place;
  }
}

std::vector<ComparedClass> CompareClasses(const std::vector<PairedVideo>& videos,
                                          size_t num_classes) {
  std::vector<ComparedClass> classes(num_classes);
  for (const PairedVideo& video : videos) {
    Count(video.rank_a < 1, video.rank_b < 1, &classes[static_cast<size_t>(video.label)].flips);
  }
  std::vector<size_t> present;
  std::vector<double> p_values;
  for (size_t label = 0; label < num_classes; ++label) {
    ComparedClass& of_class = classes[label];
    if (of_class.flips.total() > 0) {
      of_class.p_value = McNemarPValue(of_class.flips.to_wrong, of_class.flips.to_right);
      present.push_back(label);
      p_values.push_back(of_class.p_value);
    }
  }
  const std::vector<double> adjusted = HolmAdjusted(p_values);
  for (size_t place = 0; place < present.size(); ++place) {
    classes[present[place]].adjusted_p_value = adjusted[place];
  }
  return classes;
}

Fusion CompareFusion(const std::vector<PairedVideo>& videos, const std::vector<int>& halves,
                     const Flips& alone, int threads) {
  const FusedAnswers fused = FuseLate(videos, halves, threads);
  Fusion fusion;
  fusion.b_is_better = alone.to_right > alone.to_wrong;
  std::copy(std::begin(fused.weight_of_b), std::end(fused.weight_of_b), fusion.weight_of_b);
  for (size_t video = 0; video < videos.size(); ++video) {
    const int rank = fusion.b_is_better ? videos[video].rank_b : videos[video].rank_a;
    Count(rank < 1, fused.is_right[video], &fusion.flips);
  }
  fusion.p_value = McNemarPValue(fusion.flips.to_wrong, fusion.flips.to_right);
  return fusion;
}

bool IsSignificant(const Comparison& comparison) {
  const ComparedFigure& top1 = comparison.top1;
  return comparison.has_groups ? top1.interval_95.low > 0 || top1.interval_95.high < 0
                               : top1.p_value < kSignificance;
}

Verdict Judge(const Comparison& comparison, double margin) {
  const Interval& interval = comparison.top1.interval_90;
  if (interval.low > -margin && interval.high < margin) {
    return Verdict::kEquivalent;
  }
  if (!comparison.is_significant) {
    return Verdict::kUndecided;
  }
  return comparison.top1.flips.Difference() > 0 ? Verdict::kBetter : Verdict::kWorse;
}

// Returns the name of what is drawn for the intervals, for each video: its group or itself.
std::vector<std::string> DrawnNames(const PairedVideos& pairs, const ComparisonOptions& options) {
  std::vector<std::string> ids;
  for (const PairedVideo& video : pairs.videos) {
    ids.push_back(video.id);
  }
  return options.groups_of ? options.groups_of(ids) : ids;
}

// Compares as CompareAnswers() does; `drawn` is what DrawnNames() returns.
Comparison CompareDrawn(const PairedVideos& pairs, size_t num_classes,
                        const std::vector<std::string>& drawn, const ComparisonOptions& options) {
  const std::vector<int> groups = NumberGroups(drawn, pairs.videos.size());
  Comparison comparison;
  comparison.has_groups = static_cast<bool>(options.groups_of);
  comparison.num_groups = *std::max_element(groups.begin(), groups.end()) + 1;
  comparison.num_common = static_cast<int64_t>(pairs.videos.size());
  comparison.num_only_a = pairs.num_only_a;
  comparison.num_only_b = pairs.num_only_b;
  comparison.top1 = CompareTop(pairs.videos, 1);
  comparison.top5 = CompareTop(pairs.videos, 5);
  AddIntervals(pairs.videos, groups, options.resampling, &comparison);
  comparison.classes = CompareClasses(pairs.videos, num_classes);
  for (const PairedVideo& video : pairs.videos) {
    if ((video.rank_a < 1) != (video.rank_b < 1)) {
      comparison.flipped.push_back({video.id, video.label, video.answer_a, video.answer_b});
    }
  }
  comparison.is_significant = IsSignificant(comparison);
  comparison.verdict = Judge(comparison, options.margin);
  return comparison;
}

}  // namespace

double Flips::ShareA() const { return Share(both_right + to_wrong, total()); }
double Flips::ShareB() const { return Share(both_right + to_right, total()); }
double Flips::Difference() const { return Share(to_right - to_wrong, total()); }

const char* NameOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kEquivalent:
      return "equivalent";
    case Verdict::kBetter:
      return "better";
    case Verdict::kWorse:
      return "worse";
    case Verdict::kUndecided:
      break;
  }
  return "undecided";
}

Comparison CompareAnswers(const PairedVideos& pairs, size_t num_classes,
                          const ComparisonOptions& options) {
  REEL3D_CHECK(!pairs.videos.empty());
  return CompareDrawn(pairs, num_classes, DrawnNames(pairs, options), options);
}

Comparison Compare(const SubsetScores& a, const SubsetScores& b, const ComparisonOptions& options) {
  RequireSameClasses(a, b, options.name_a, options.name_b);
  const int threads = ThreadCount(options.resampling.threads);
  const PairedVideos pairs =
      PairVideos(a, b, options.averaging, options.name_a, options.name_b, threads);
  const std::vector<std::string> drawn = DrawnNames(pairs, options);
  Comparison comparison = CompareDrawn(pairs, a.classes.size(), drawn, options);
  comparison.fusion = CompareFusion(pairs.videos, HalvesOf(drawn), comparison.top1.flips, threads);
  return comparison;
}

}  // namespace reel3d
