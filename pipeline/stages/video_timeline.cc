// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/video_timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/base/tsv_writer.h"
#include "lib/eval/accuracy.h"

namespace reel3d {
namespace {

constexpr int kTimeDigits = 3;  // prepared videos have times in milliseconds
constexpr int kProbabilityDigits = 6;

std::vector<int> BestOf(const std::vector<double>& probabilities, int count) {
  return TopClasses(probabilities.data(), static_cast<int>(probabilities.size()), count);
}

std::vector<std::string> TimelineColumns(const std::vector<std::string>& classes,
                                         TimelineScores scores, int top) {
  std::vector<std::string> columns = {"begin_s", "end_s", "class", "probability"};
  if (scores == TimelineScores::kAll) {
    for (const std::string& name : classes) {
      columns.push_back("probability_" + name);
    }
    return columns;
  }
  for (int place = 2; place <= std::min(top, static_cast<int>(classes.size())); ++place) {
    columns.push_back(fmt::format("class_{}", place));
    columns.push_back(fmt::format("probability_{}", place));
  }
  return columns;
}

}  // namespace

void TimelineOptions::Bind(OptionBinder& binder) {
  binder.Bind("timeline", &timeline,
              "write the class probabilities over time to this .tsv file, one row per window; "
              "requires a single VIDEO. Empty: write no table");
  binder.Choice("timeline-scores", &scores, "classes in the rows of --timeline");
  binder.Bind("segments", &segments,
              "write the segments to this .tsv file: windows that follow each other with the same "
              "best class are one segment; requires a single VIDEO. Empty: write no table");
  binder.Bind("segment-probability", &rules.min_probability, {0, 1},
              "leave windows whose best class has less than this probability out of all segments; "
              "higher: fewer and surer segments. 0: each window is in a segment");
  binder.Bind(
      "segment-gap", &rules.max_gap_s, {0, 1e6},
      "bridge up to this many seconds of windows below --segment-probability; larger: fewer "
      "and longer segments. 0: such a window ends the segment");
}

std::vector<double> ScoredWindows::Scores(size_t first, size_t count) const {
  std::vector<const float*> rows;
  for (size_t window = first; window < first + count; ++window) {
    rows.push_back(&logits.at(window * classes.size()));
  }
  return AverageClips(rows, classes.size(), averaging);
}

std::vector<double> ScoredWindows::Probabilities(size_t window) const {
  return ToProbabilities(Scores(window, 1), averaging);
}

std::vector<Segment> SegmentsOf(const ScoredWindows& windows, const SegmentRules& rules) {
  std::vector<WindowAnswer> answers;
  for (size_t window = 0; window < windows.size(); ++window) {
    const std::vector<double> probabilities = windows.Probabilities(window);
    const int best = BestOf(probabilities, 1).front();
    answers.push_back({windows.begins_s[window], windows.ends_s[window], best,
                       probabilities[static_cast<size_t>(best)]});
  }
  return MergeWindows(answers, rules);
}

std::string FormatTimeline(const ScoredWindows& windows, TimelineScores scores, int top) {
  TsvWriter table(TimelineColumns(windows.classes, scores, top));
  const bool has_all = scores == TimelineScores::kAll;
  for (size_t window = 0; window < windows.size(); ++window) {
    const std::vector<double> probabilities = windows.Probabilities(window);
    table.Add(Decimals(windows.begins_s[window], kTimeDigits));
    table.Add(Decimals(windows.ends_s[window], kTimeDigits));
    for (const int index : BestOf(probabilities, has_all ? 1 : top)) {
      table.Add(windows.classes[static_cast<size_t>(index)]);
      table.Add(Decimals(probabilities[static_cast<size_t>(index)], kProbabilityDigits));
    }
    for (size_t index = 0; has_all && index < probabilities.size(); ++index) {
      table.Add(Decimals(probabilities[index], kProbabilityDigits));
    }
    table.EndRow();
  }
  return table.text();
}

std::string FormatSegments(const std::vector<Segment>& segments,
                           const std::vector<std::string>& classes) {
  TsvWriter table(
      {"begin_s", "end_s", "class", "num_windows", "mean_probability", "highest_probability"});
  for (const Segment& segment : segments) {
    table.Row(Decimals(segment.begin_s, kTimeDigits), Decimals(segment.end_s, kTimeDigits),
              classes[static_cast<size_t>(segment.class_index)], segment.num_windows,
              Decimals(segment.mean_probability, kProbabilityDigits),
              Decimals(segment.highest_probability, kProbabilityDigits));
  }
  return table.text();
}

nlohmann::ordered_json SegmentsToJson(const std::vector<Segment>& segments,
                                      const std::vector<std::string>& classes) {
  auto list = nlohmann::ordered_json::array();
  for (const Segment& segment : segments) {
    list.push_back({{"begin_s", segment.begin_s},
                    {"end_s", segment.end_s},
                    {"class", classes[static_cast<size_t>(segment.class_index)]},
                    {"num_windows", segment.num_windows},
                    {"mean_probability", segment.mean_probability},
                    {"highest_probability", segment.highest_probability}});
  }
  return list;
}

}  // namespace reel3d
