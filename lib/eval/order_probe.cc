// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/order_probe.h"

#include <boost/math/distributions/binomial.hpp>

#include "lib/base/error.h"
#include "lib/eval/accuracy.h"
#include "lib/eval/paired_test.h"

namespace reel3d {
namespace {

// Returns the probability that at most the observed number of videos is lost, if a share of
// `most_lost` of those that are right would be lost on average.
double LostPValue(const Flips& flips, double most_lost) {
  const int64_t num_right = flips.both_right + flips.to_wrong;
  if (num_right == 0 || most_lost >= 1) {
    return num_right == 0 ? 1 : 0;
  }
  const boost::math::binomial lost(static_cast<double>(num_right), most_lost);
  return boost::math::cdf(lost, static_cast<double>(flips.to_wrong));
}

FrameNeeds NeedsFrom(const FrameEffect& shuffled, const FrameEffect& reversed,
                     const FrameEffect& one_frame, double most_lost) {
  FrameNeeds needs = {shuffled.flips.total(), shuffled, reversed, one_frame};
  needs.lost_p_value = LostPValue(one_frame.flips, most_lost);
  return needs;
}

// Adjusts the p-values of all `family` together.
void Correct(const std::vector<FrameNeeds*>& family) {
  std::vector<double> p_values;
  for (const FrameNeeds* needs : family) {
    for (const double p_value : {needs->shuffled.p_value, needs->reversed.p_value,
                                 needs->one_frame.p_value, needs->lost_p_value}) {
      p_values.push_back(p_value);
    }
  }
  const std::vector<double> adjusted = HolmAdjusted(p_values);
  size_t place = 0;
  for (FrameNeeds* needs : family) {
    for (double* value : {&needs->shuffled.adjusted_p_value, &needs->reversed.adjusted_p_value,
                          &needs->one_frame.adjusted_p_value, &needs->adjusted_lost_p_value}) {
      *value = adjusted[place++];
    }
  }
}

// The orders of the frames, as places in lists: 0 is as they are.
constexpr size_t kOrders = 4;
constexpr size_t kOneFrame = 3;

// The videos that all orders have.
struct CommonVideos {
  std::vector<std::string> ids;
  std::vector<int> labels;
  std::vector<bool> is_right[kOrders];
};

CommonVideos CommonOf(const ProbedAnswers& answers) {
  const std::vector<ShownVideo>* const orders[kOrders] = {&answers.as_is, &answers.shuffled,
                                                          &answers.reversed, &answers.one_frame};
  CommonVideos common;
  size_t next[kOrders] = {};
  for (const ShownVideo& video : answers.as_is) {
    bool has_all = true;
    for (size_t order = 0; order < kOrders; ++order) {
      const std::vector<ShownVideo>& of_order = *orders[order];
      size_t& place = next[order];
      while (place < of_order.size() && of_order[place].id < video.id) {
        ++place;
      }
      has_all = has_all && place < of_order.size() && of_order[place].id == video.id;
    }
    if (has_all) {
      common.ids.push_back(video.id);
      common.labels.push_back(video.label);
      for (size_t order = 0; order < kOrders; ++order) {
        common.is_right[order].push_back((*orders[order])[next[order]].is_right);
      }
    }
  }
  return common;
}

// Counts the videos of a class, or all of them with `label` -1.
FrameEffect EffectOf(const CommonVideos& videos, size_t order, int label) {
  FrameEffect effect;
  for (size_t video = 0; video < videos.ids.size(); ++video) {
    if (label < 0 || videos.labels[video] == label) {
      const bool before = videos.is_right[0][video];
      const bool after = videos.is_right[order][video];
      ++(before ? (after ? effect.flips.both_right : effect.flips.to_wrong)
                : (after ? effect.flips.to_right : effect.flips.both_wrong));
    }
  }
  effect.p_value = McNemarPValue(effect.flips.to_wrong, effect.flips.to_right);
  return effect;
}

FrameNeeds NeedsOf(const CommonVideos& videos, int label, double most_lost) {
  return NeedsFrom(EffectOf(videos, 1, label), EffectOf(videos, 2, label),
                   EffectOf(videos, kOneFrame, label), most_lost);
}

// Returns for a resample the differences of top-1 in each order, and the share of the right videos
// that one frame loses.
std::vector<double> FiguresOf(const CommonVideos& videos, const Draws& draws) {
  double num_drawn = 0;
  double num_right[kOrders] = {};
  double num_lost = 0;
  for (size_t video = 0; video < videos.ids.size(); ++video) {
    const double count = draws[video];
    num_drawn += count;
    for (size_t order = 0; order < kOrders; ++order) {
      num_right[order] += videos.is_right[order][video] ? count : 0;
    }
    num_lost += videos.is_right[0][video] && !videos.is_right[kOneFrame][video] ? count : 0;
  }
  std::vector<double> figures;
  for (size_t order = 1; order < kOrders; ++order) {
    figures.push_back((num_right[order] - num_right[0]) / num_drawn);
  }
  figures.push_back(num_right[0] > 0 ? num_lost / num_right[0] : 1);
  return figures;
}

// Sets the intervals, and with groups what they forbid to state.
void AddIntervals(const CommonVideos& videos, const OrderProbeOptions& options, OrderProbe* probe) {
  const std::vector<std::string> names =
      probe->has_groups ? options.groups_of(videos.ids) : std::vector<std::string>();
  const auto values = BootstrapValues(NumberGroups(names, videos.ids.size()), options.resampling,
                                      [&](const Draws& draws) { return FiguresOf(videos, draws); });
  size_t place = 0;
  for (FrameEffect* effect : {&probe->all.shuffled, &probe->all.reversed, &probe->all.one_frame}) {
    const Interval interval = PercentileInterval(values[place++]);
    effect->interval_95 = interval;
    effect->may_be_0 = probe->has_groups && interval.low <= 0 && interval.high >= 0;
  }
  probe->all.may_lose_more =
      probe->has_groups && PercentileInterval(values[place]).high >= options.most_lost;
}

}  // namespace

bool FrameEffect::FallsByTest() const {
  return adjusted_p_value < kSignificance && flips.to_wrong > flips.to_right;
}

bool FrameNeeds::OnePictureSuffices() const {
  return adjusted_lost_p_value < kSignificance && !one_frame.FallsByTest() && !may_lose_more;
}

bool FrameNeeds::IsUndecided() const {
  return !NeedsOrder() && !NeedsDirection() && !NeedsMotion() && !OnePictureSuffices();
}

std::vector<ShownVideo> AnswersOf(const SubsetScores& scores) {
  std::vector<ShownVideo> answers;
  for (const VideoScores& video : scores.videos) {
    if (video.label >= 0) {
      const auto num_classes = static_cast<int>(video.scores.size());
      const int rank = RankOfClass(video.scores.data(), num_classes, video.label);
      answers.push_back({video.id, video.label, rank == 0});
    }
  }
  return answers;
}

OrderProbe JudgeOrderProbe(const ProbedAnswers& answers, size_t num_classes,
                           const OrderProbeOptions& options) {
  REEL3D_CHECK(options.most_lost > 0 && options.most_lost <= 1);
  const CommonVideos videos = CommonOf(answers);
  if (videos.ids.empty()) {
    throw InputError(
        "no labelled video has scores of all orders of frames: run the same "
        "score-videos command again");
  }
  OrderProbe probe;
  probe.has_groups = static_cast<bool>(options.groups_of);
  probe.most_lost = options.most_lost;
  probe.num_left_out = static_cast<int64_t>(answers.as_is.size() - videos.ids.size());
  probe.all = NeedsOf(videos, -1, options.most_lost);
  Correct({&probe.all});
  AddIntervals(videos, options, &probe);
  for (size_t label = 0; label < num_classes; ++label) {
    probe.classes.push_back(NeedsOf(videos, static_cast<int>(label), options.most_lost));
  }
  std::vector<FrameNeeds*> family;
  for (FrameNeeds& needs : probe.classes) {
    if (needs.num_videos > 0) {
      family.push_back(&needs);
    }
  }
  Correct(family);
  return probe;
}

}  // namespace reel3d
