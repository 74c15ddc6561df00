// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/evaluation_json.h"

#include <algorithm>

#include "lib/eval/share.h"

namespace reel3d {
namespace {

using Json = nlohmann::ordered_json;

Json ToJson(const Interval& interval) { return {interval.low, interval.high}; }

Json ToJson(const BothWays& figure) {
  return {{"missing_wrong", figure.missing_wrong}, {"missing_ignored", figure.missing_ignored}};
}

Json ToJson(const std::optional<double>& figure) { return figure ? Json(*figure) : Json(); }

Json ToJson(const AccuracyFigures& figures) {
  return {{"top1", ToJson(figures.top1)},
          {"top5", ToJson(figures.top5)},
          {"average", ToJson(figures.average)},
          {"mean_class_top1", figures.mean_class_top1}};
}

Json PerClass(const SubsetScores& subset, const Evaluation& evaluation) {
  Json list = Json::array();
  for (size_t label = 0; label < subset.classes.size(); ++label) {
    const ClassFigures& of_class = evaluation.classes[label];
    list.push_back({{"class", subset.classes[label]},
                    {"num_videos", of_class.num_videos},
                    {"top1", Share(of_class.num_top1, of_class.num_videos)},
                    {"top1_interval_95", ToJson(of_class.top1_interval)},
                    {"top5", Share(of_class.num_top5, of_class.num_videos)},
                    {"average_precision", ToJson(of_class.average_precision)}});
  }
  return list;
}

Json IntervalsToJson(const FigureIntervals& intervals) {
  return {{"top1", ToJson(intervals.top1)},
          {"top5", ToJson(intervals.top5)},
          {"average", ToJson(intervals.average)},
          {"mean_class_top1", ToJson(intervals.mean_class_top1)},
          {"top1_missing_ignored", ToJson(intervals.top1_missing_ignored)}};
}

Json AveragesToJson(const Evaluation& evaluation) {
  Json list = Json::array();
  for (const ReadingFigures& row : evaluation.averages) {
    Json object = {{"averaging", NameOf(row.reading.averaging)},
                   {"tail", row.reading.windows.windows == Windows::kAll}};
    object.update(ToJson(row.figures));
    list.push_back(object);
  }
  return list;
}

Json WindowsToJson(const Evaluation& evaluation) {
  Json list = Json::array();
  for (const WindowFigures& row : evaluation.windows) {
    const bool is_all = row.reading.windows.windows == Windows::kKept;
    Json object = {{"windows", is_all ? Json("all") : Json(row.reading.windows.count)},
                   {"mean_windows", row.mean_windows},
                   {"share_of_gain", ToJson(row.share_of_gain)}};
    object.update(ToJson(row.figures));
    list.push_back(object);
  }
  return list;
}

Json PlacesToJson(const Evaluation& evaluation) {
  Json places = Json::object();
  const char* const names[] = {"first", "middle", "last"};
  for (size_t place = 0; place < evaluation.places.size(); ++place) {
    places[names[place]] = ToJson(evaluation.places[place].figures);
  }
  return places;
}

Json ToJson(const Reliability& reliability) {
  Json bins = Json::array();
  for (const ReliabilityBin& bin : reliability.bins) {
    bins.push_back({{"above", bin.low},
                    {"up_to", bin.high},
                    {"num_videos", bin.num_videos},
                    {"mean_confidence", bin.mean_confidence},
                    {"accuracy", bin.accuracy}});
  }
  return {{"ece", reliability.ece},
          {"largest_gap", reliability.largest_gap},
          {"mean_confidence", reliability.mean_confidence},
          {"accuracy", reliability.accuracy},
          {"bins", bins}};
}

Json CalibrationToJson(const CalibrationFigures& calibration) {
  return {{"as_scored", ToJson(calibration.as_scored)},
          {"temperature", calibration.temperature},
          {"other_half_before", ToJson(calibration.before)},
          {"other_half_after", ToJson(calibration.after)},
          {"other_half_log_loss_before", calibration.loss_before},
          {"other_half_log_loss_after", calibration.loss_after}};
}

Json ToJson(const CoveragePoint& point) {
  return {{"threshold", point.threshold},
          {"num_answered", point.num_answered},
          {"coverage", point.coverage},
          {"precision", point.precision},
          {"precision_interval_95", ToJson(point.precision_interval)}};
}

Json AbstentionToJson(const Evaluation& evaluation) {
  Json curve = Json::array();
  for (const CoveragePoint& point : evaluation.risk_coverage) {
    curve.push_back(ToJson(point));
  }
  Json wanted = Json::array();
  for (size_t place = 0; place < evaluation.precision_thresholds.size(); ++place) {
    const std::optional<CoveragePoint>& point = evaluation.precision_thresholds[place];
    wanted.push_back({{"wanted_precision", kWantedPrecisions[place]},
                      {"answer", point ? ToJson(*point) : Json()}});
  }
  Json abstention = {{"risk_coverage", curve}, {"thresholds", wanted}};
  if (evaluation.held_out_threshold) {
    const JudgedThreshold& threshold = *evaluation.held_out_threshold;
    abstention["held_out"] = {{"wanted_precision", threshold.wanted_precision},
                              {"chosen", threshold.chosen ? ToJson(*threshold.chosen) : Json()},
                              {"judged", threshold.chosen ? ToJson(threshold.judged) : Json()}};
  }
  return abstention;
}

Json SlicesToJson(const Evaluation& evaluation) {
  Json list = Json::array();
  for (const Slice& slice : evaluation.slices) {
    list.push_back({{"column", slice.column},
                    {"value", slice.value},
                    {"num_videos", slice.num_videos},
                    {"top1", slice.Top1()},
                    {"top1_interval_95", ToJson(slice.top1_interval)},
                    {"p_value", slice.p_value},
                    {"adjusted_p_value", slice.adjusted_p_value},
                    {"stands_out", slice.StandsOut()}});
  }
  return list;
}

Json RankingToJson(const RankingFigures& ranking) {
  Json hits = Json::array();
  for (const HitRate& rate : ranking.hit_rates) {
    hits.push_back({{"k", rate.k}, {"hit", rate.any}, {"average_hit", rate.mean}});
  }
  return {{"mean_average_precision", ranking.mean_average_precision}, {"hit_at_k", hits}};
}

}  // namespace

Json MetricsToJson(const SubsetScores& subset, const Evaluation& evaluation) {
  Json metrics = {{"num_videos", evaluation.num_scored},
                  {"num_expected", evaluation.num_expected},
                  {"num_missing", evaluation.num_missing()},
                  {"num_unlabelled", evaluation.num_unlabelled()},
                  {"num_clips", evaluation.num_clips}};
  if (evaluation.num_labelled > 0) {
    const AccuracyFigures& figures = evaluation.figures;
    metrics.update({{"video_top1", figures.top1.missing_wrong},
                    {"video_top5", figures.top5.missing_wrong},
                    {"video_average", figures.average.missing_wrong},
                    {"video_top1_interval_95", ToJson(evaluation.intervals.top1)},
                    {"video_top1_ignoring_missing", figures.top1.missing_ignored},
                    {"video_top5_ignoring_missing", figures.top5.missing_ignored},
                    {"video_average_ignoring_missing", figures.average.missing_ignored},
                    {"mean_class_top1", figures.mean_class_top1},
                    {"clip_top1", evaluation.clip_top1},
                    {"mean_average_precision", evaluation.ranking.mean_average_precision},
                    {"ece", evaluation.calibration.as_scored.ece},
                    {"temperature", evaluation.calibration.temperature},
                    {"slices", SlicesToJson(evaluation)},
                    {"per_class", PerClass(subset, evaluation)}});
    if (evaluation.held_out_threshold && evaluation.held_out_threshold->chosen) {
      metrics["unsure_below"] = evaluation.held_out_threshold->chosen->threshold;
    }
  }
  return metrics;
}

Json FiguresToJson(const Evaluation& evaluation) {
  return {{"accuracy", ToJson(evaluation.figures)},
          {"intervals_95", IntervalsToJson(evaluation.intervals)},
          {"intervals_over", evaluation.has_groups ? "groups" : "videos"},
          {"num_drawn", evaluation.num_groups},
          {"averages", AveragesToJson(evaluation)},
          {"windows", WindowsToJson(evaluation)},
          {"one_window", PlacesToJson(evaluation)},
          {"calibration", CalibrationToJson(evaluation.calibration)},
          {"abstention", AbstentionToJson(evaluation)},
          {"ranking", RankingToJson(evaluation.ranking)}};
}

}  // namespace reel3d
