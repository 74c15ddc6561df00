// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/evaluation.h"

#include <algorithm>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/host.h"
#include "lib/base/parallel.h"
#include "lib/base/rng.h"
#include "lib/eval/interval_widening.h"
#include "lib/eval/share.h"

namespace reel3d {
namespace {

std::vector<const VideoScores*> LabelledVideos(const SubsetScores& subset) {
  std::vector<const VideoScores*> videos;
  for (const VideoScores& video : subset.videos) {
    if (video.label >= 0) {
      videos.push_back(&video);
    }
  }
  return videos;
}

RankedVideo RankOf(const VideoScores& video) {
  const double* scores = video.scores.data();
  const auto num_classes = static_cast<int>(video.scores.size());
  return {video.label, BestClass(scores, num_classes),
          RankOfClass(scores, num_classes, video.label)};
}

AccuracyFigures FiguresOf(const Accuracy& accuracy) {
  return {{accuracy.Top1(), accuracy.Top1(true)},
          {accuracy.Top5(), accuracy.Top5(true)},
          {accuracy.Average(), accuracy.Average(true)},
          accuracy.MeanClassTop1()};
}

// Computes every figure from the labelled videos of a subset.
class Evaluator {
 public:
  Evaluator(const SubsetScores& subset, const EvaluationOptions& options)
      : subset_(subset),
        options_(options),
        videos_(LabelledVideos(subset)),
        num_classes_(static_cast<int>(subset.classes.size())),
        threads_(ThreadCount(options.resampling.threads)) {
    for (const VideoScores* video : videos_) {
      ranked_.push_back(RankOf(*video));
    }
    whole_.num_scored = static_cast<int64_t>(subset.videos.size());
    whole_.num_expected = subset.num_expected;
    whole_.num_labelled = static_cast<int64_t>(videos_.size());
    whole_.num_clips = subset.num_clips;
    whole_.has_whole_frames = options.has_whole_frames;
    whole_.clip_top1 = Share(subset.num_clips_right, subset.num_labelled_clips);
  }

  Evaluation Run() {
    MeasureRankingFigures();
    MeasureAccuracy();
    MeasureIntervals();
    MeasureReadings();
    MeasureParts();
    MeasureOrders();
    MeasureSlicesOf();
    HalveVideos();
    MeasureCalibration();
    MeasureAbstention();
    return std::move(whole_);
  }

 private:
  // Returns the number of videos that have, or may have, a label.
  int64_t NumJudged() const { return whole_.num_expected - whole_.num_unlabelled(); }

  void MeasureRankingFigures() {
    std::vector<LabelledScores> videos;
    if (options_.labels.empty()) {
      for (const VideoScores* video : videos_) {
        videos.push_back({video->scores.data(), {video->label}});
      }
    } else {
      whole_.has_several_labels = true;
      videos = VideosWithLabelSets();
    }
    whole_.ranking = MeasureRanking(videos, num_classes_, threads_);
  }

  // Returns the union of the scored and the labelled videos, in the order of their ids.
  std::vector<LabelledScores> VideosWithLabelSets() const {
    std::map<std::string, LabelledScores> by_id;
    for (const VideoScores& video : subset_.videos) {
      by_id[video.id].scores = video.scores.data();
    }
    for (const auto& [id, labels] : options_.labels) {
      by_id[id].labels = labels;
    }
    std::vector<LabelledScores> videos;
    for (auto& [id, video] : by_id) {
      videos.push_back(std::move(video));
    }
    return videos;
  }

  void MeasureAccuracy() {
    const Accuracy accuracy(ranked_, NumJudged(), num_classes_);
    whole_.figures = FiguresOf(accuracy);
    whole_.confusion = accuracy.confusion();
    for (int label = 0; label < num_classes_; ++label) {
      const ClassAccuracy& counts = accuracy.classes()[static_cast<size_t>(label)];
      whole_.classes.push_back({counts.num_videos, counts.num_top1, counts.num_top5,
                                WilsonInterval(counts.num_top1, counts.num_videos),
                                whole_.ranking.average_precision[static_cast<size_t>(label)]});
    }
  }

  // Returns the groups of the labelled videos.
  std::vector<int> Groups() {
    std::vector<std::string> names;
    for (size_t video = 0; video < options_.groups.size(); ++video) {
      if (subset_.videos[video].label >= 0) {
        names.push_back(options_.groups[video]);
      }
    }
    const std::vector<int> groups = NumberGroups(names, videos_.size());
    const int num_groups = groups.empty() ? 0 : *std::max_element(groups.begin(), groups.end()) + 1;
    whole_.num_groups = num_groups + whole_.num_missing();
    whole_.has_groups = !options_.groups.empty();
    return groups;
  }

  void MeasureIntervals() {
    const std::vector<std::vector<double>> values = BootstrapValues(
        Groups(), options_.resampling, [&](const Draws& draws) { return FiguresOfDraw(draws); },
        whole_.num_missing());
    FigureIntervals& intervals = whole_.intervals;
    size_t figure = 0;
    for (Interval* interval : {&intervals.top1, &intervals.top5, &intervals.average,
                               &intervals.mean_class_top1, &intervals.top1_missing_ignored}) {
      *interval = values.empty() ? Interval{} : PercentileInterval(values[figure]);
      ++figure;
    }
    if (!values.empty()) {
      WidenIntervals(&whole_);
    }
  }

  // Returns the figures of a resample, in the order of MeasureIntervals().
  std::vector<double> FiguresOfDraw(const Draws& draws) const {
    std::vector<ClassAccuracy> classes(static_cast<size_t>(num_classes_));
    int64_t num_top1 = 0;
    int64_t num_top5 = 0;
    int64_t num_scored = 0;
    for (size_t video = 0; video < ranked_.size(); ++video) {
      ClassAccuracy& of_class = classes[static_cast<size_t>(ranked_[video].label)];
      of_class.num_videos += draws[video];
      of_class.num_top1 += ranked_[video].rank < 1 ? draws[video] : 0;
      num_top5 += ranked_[video].rank < 5 ? draws[video] : 0;
    }
    double sum = 0;
    int num_present = 0;
    for (const ClassAccuracy& of_class : classes) {
      num_top1 += of_class.num_top1;
      num_scored += of_class.num_videos;
      sum += Share(of_class.num_top1, of_class.num_videos);
      num_present += of_class.num_videos > 0 ? 1 : 0;
    }
    const int64_t num_judged = num_scored + (draws.size() > ranked_.size() ? draws.back() : 0);
    const double top1 = Share(num_top1, num_judged);
    const double top5 = Share(num_top5, num_judged);
    return {top1, top5, (top1 + top5) / 2, sum / std::max(1, num_present),
            Share(num_top1, num_scored)};
  }

  ReadingFigures FiguresOfReading(const Reading& reading, size_t place) const {
    std::vector<RankedVideo> ranked;
    int64_t num_windows = 0;
    for (const VideoScores* video : videos_) {
      const Answer& answer = video->answers.at(place);
      ranked.push_back({video->label, answer.predicted, answer.rank});
      num_windows += answer.num_windows;
    }
    return {reading, Share(num_windows, whole_.num_labelled),
            FiguresOf(Accuracy(ranked, NumJudged(), num_classes_))};
  }

  void MeasureReadings() {
    const std::vector<Reading> readings = ReadingsOfEvaluation(options_.averaging);
    for (size_t place = 0; place < readings.size(); ++place) {
      const ReadingFigures figures = FiguresOfReading(readings[place], place);
      if (readings[place].one_crop) {
        whole_.one_crop.push_back(figures);
        continue;
      }
      switch (readings[place].windows.windows) {
        case Windows::kAll:
        case Windows::kNoTail:
          whole_.averages.push_back(figures);
          break;
        case Windows::kSpread:
        case Windows::kKept:
          AddWindows(figures);
          break;
        default:
          whole_.places.push_back(figures);
      }
    }
    MeasureGains();
    if (!subset_.has_crops) {
      whole_.one_crop.clear();
    }
  }

  // Measures the labelled videos for which `is_part` holds, by all their windows.
  template <class IsPart>
  PartFigures FiguresOfPart(IsPart is_part) const {
    const std::vector<Reading> readings = ReadingsOfEvaluation(options_.averaging);
    const auto is_all = [&](const Reading& reading) {
      return reading.averaging == options_.averaging && reading.windows.windows == Windows::kAll;
    };
    const auto all = static_cast<size_t>(std::find_if(readings.begin(), readings.end(), is_all) -
                                         readings.begin());
    PartFigures part;
    int64_t num_top1 = 0;
    int64_t num_top5 = 0;
    for (const VideoScores* video : videos_) {
      if (is_part(*video)) {
        ++part.num_videos;
        num_top1 += video->answers.at(all).rank < 1 ? 1 : 0;
        num_top5 += video->answers.at(all).rank < 5 ? 1 : 0;
      }
    }
    part.top1 = Share(num_top1, part.num_videos);
    part.average = (part.top1 + Share(num_top5, part.num_videos)) / 2;
    return part;
  }

  void MeasureParts() {
    const auto is_listed = [&](const VideoScores& video) {
      return options_.listed.empty() || options_.listed.count(video.id) != 0;
    };
    const PartFigures listed = FiguresOfPart(is_listed);
    if (!options_.listed.empty() && listed.num_videos > 0) {
      whole_.listed = listed;
    }
    for (const VideoScores& video : subset_.videos) {
      whole_.most_distinct = std::max(whole_.most_distinct, video.most_distinct);
    }
    const PartFigures full = FiguresOfPart([&](const VideoScores& video) {
      return is_listed(video) && video.most_distinct == whole_.most_distinct;
    });
    if (full.num_videos > 0 && full.num_videos < listed.num_videos) {
      whole_.full_windows = full;
    }
  }

  void MeasureOrders() {
    std::vector<ClassNumbering> orders = UsualNumberings(subset_.classes);
    orders.insert(orders.end(), options_.orders.begin(), options_.orders.end());
    for (const ClassNumbering& order : orders) {
      const int64_t num_right = NumRightUnder(order, subset_.classes, whole_.confusion);
      whole_.orders.push_back(
          {order.name, {Share(num_right, NumJudged()), Share(num_right, whole_.num_labelled)}});
    }
  }

  void MeasureSlicesOf() {
    std::vector<bool> is_right;
    for (const RankedVideo& video : ranked_) {
      is_right.push_back(video.rank < 1);
    }
    std::vector<SliceColumn> columns = options_.columns;
    for (SliceColumn& column : columns) {
      std::vector<std::string> values;
      for (size_t index = 0; index < subset_.videos.size(); ++index) {
        if (subset_.videos[index].label >= 0) {
          values.push_back(std::move(column.values[index]));
        }
      }
      column.values = std::move(values);
    }
    whole_.slices = MeasureSlices(is_right, columns);
  }

  // Halves the labelled videos by a hash of their groups, or of their ids.
  void HalveVideos() {
    for (size_t index = 0; index < subset_.videos.size(); ++index) {
      const VideoScores& video = subset_.videos[index];
      if (video.label >= 0) {
        const std::string& key = options_.groups.empty() ? video.id : options_.groups[index];
        (StableHash(key) % 2 == 0 ? fitted_ : judged_).push_back(&video);
      }
    }
  }

  // Discards a row if no video has more windows than in the row before. The row of all kept windows
  // is always the last one, and replaces a row with as many windows.
  void AddWindows(const ReadingFigures& figures) {
    if (figures.reading.windows.windows == Windows::kSpread && !whole_.windows.empty() &&
        whole_.windows.back().mean_windows == figures.mean_windows) {
      return;
    }
    if (figures.reading.windows.windows == Windows::kKept && whole_.windows.size() > 1 &&
        whole_.windows.back().mean_windows == figures.mean_windows) {
      whole_.windows.pop_back();
    }
    whole_.windows.push_back({figures, std::nullopt});
  }

  void MeasureGains() {
    const double one = whole_.windows.front().figures.top1.missing_ignored;
    const double all = whole_.windows.back().figures.top1.missing_ignored;
    for (WindowFigures& windows : whole_.windows) {
      if (all > one) {
        windows.share_of_gain = (windows.figures.top1.missing_ignored - one) / (all - one);
      }
    }
  }

  Forecast ForecastOf(const VideoScores& video, double temperature) const {
    const std::vector<double> probabilities =
        ToProbabilities(video.scores, options_.averaging, temperature);
    const int best = BestClass(probabilities.data(), num_classes_);
    return {probabilities[static_cast<size_t>(best)], best == video.label};
  }

  std::vector<Forecast> ForecastsOf(const std::vector<const VideoScores*>& videos,
                                    double temperature) const {
    std::vector<Forecast> forecasts(videos.size());
    ParallelFor(videos.size(), threads_,
                [&](size_t video) { forecasts[video] = ForecastOf(*videos[video], temperature); });
    return forecasts;
  }

  Reliability ReliabilityOf(const std::vector<const VideoScores*>& videos,
                            double temperature) const {
    return MeasureReliability(ForecastsOf(videos, temperature));
  }

  void MeasureAbstention() {
    const std::vector<Forecast> forecasts = ForecastsOf(videos_, 1);
    whole_.risk_coverage = RiskCoverage(forecasts);
    for (const double precision : kWantedPrecisions) {
      whole_.precision_thresholds.push_back(ThresholdFor(forecasts, precision));
    }
    if (options_.precision > 0) {
      whole_.held_out_threshold =
          JudgeThreshold(ForecastsOf(fitted_, 1), ForecastsOf(judged_, 1), options_.precision);
    }
  }

  void MeasureCalibration() {
    CalibrationFigures& calibration = whole_.calibration;
    calibration.as_scored = ReliabilityOf(videos_, 1);
    calibration.temperature = FitTemperature(LogitsOf(fitted_), threads_);
    calibration.before = ReliabilityOf(judged_, 1);
    calibration.after = ReliabilityOf(judged_, calibration.temperature);
    const std::vector<LabelledLogits> logits = LogitsOf(judged_);
    calibration.loss_before = LogLoss(logits, 1, threads_);
    calibration.loss_after = LogLoss(logits, calibration.temperature, threads_);
  }

  std::vector<LabelledLogits> LogitsOf(const std::vector<const VideoScores*>& videos) const {
    std::vector<LabelledLogits> logits(videos.size());
    ParallelFor(videos.size(), threads_, [&](size_t video) {
      logits[video] = {ToLogits(videos[video]->scores, options_.averaging), videos[video]->label};
    });
    return logits;
  }

  const SubsetScores& subset_;
  const EvaluationOptions& options_;
  std::vector<const VideoScores*> videos_;  // those with a label
  std::vector<RankedVideo> ranked_;         // for each of `videos_`
  std::vector<const VideoScores*> fitted_;  // half of them: HalveVideos()
  std::vector<const VideoScores*> judged_;  // the other half
  int num_classes_;
  const int threads_;
  Evaluation whole_;
};

}  // namespace

Evaluation Evaluate(const SubsetScores& subset, const EvaluationOptions& options) {
  REEL3D_CHECK(options.groups.empty() || options.groups.size() == subset.videos.size());
  for (const SliceColumn& column : options.columns) {
    REEL3D_CHECK(column.values.size() == subset.videos.size());
  }
  return Evaluator(subset, options).Run();
}

}  // namespace reel3d
