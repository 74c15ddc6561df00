// Shows when a video shows which class: a table of its windows, and a table of the segments into
// which windows with the same answer are merged.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "lib/base/option_binder.h"
#include "lib/eval/averaging.h"
#include "lib/eval/timeline.h"

namespace reel3d {

enum class TimelineScores { kTop, kAll };
inline std::vector<NamedChoice<TimelineScores>> ChoicesOf(TimelineScores /*type*/) {
  return {{TimelineScores::kTop, "top", "the --top best classes of each window, with their names"},
          {TimelineScores::kAll, "all", "every class has a column"}};
}

struct TimelineOptions {
  std::string timeline;  // file; empty: none
  TimelineScores scores = TimelineScores::kTop;
  std::string segments;  // file; empty: none
  SegmentRules rules;

  // Binds --timeline, --timeline-scores, --segments, --segment-probability and --segment-gap.
  void Bind(OptionBinder& binder);
  bool WritesAFile() const { return !timeline.empty() || !segments.empty(); }
};

// The windows of a video with the network's outputs. There is at least one window.
struct ScoredWindows {
  std::vector<std::string> classes;
  Averaging averaging = Averaging::kSoftmax;
  std::vector<double> begins_s, ends_s;  // of each window
  std::vector<float> logits;             // [window][class], finite

  size_t size() const { return begins_s.size(); }
  // Combines the windows [first, first + count) into one score per class.
  std::vector<double> Scores(size_t first, size_t count) const;
  // Returns the window's probabilities by class. They do not depend on `averaging`, which combines
  // windows.
  std::vector<double> Probabilities(size_t window) const;
};

std::vector<Segment> SegmentsOf(const ScoredWindows& windows, const SegmentRules& rules);

// Returns the table of windows: begin_s, end_s, class, probability. Then come the next classes up
// to `top`, as class_2, probability_2 ..., or all classes in the network's order, each as
// probability_CLASS.
std::string FormatTimeline(const ScoredWindows& windows, TimelineScores scores, int top);

// Returns the table of segments: begin_s, end_s, class, num_windows, mean_probability,
// highest_probability.
std::string FormatSegments(const std::vector<Segment>& segments,
                           const std::vector<std::string>& classes);
// Returns a list of objects with the same names.
nlohmann::ordered_json SegmentsToJson(const std::vector<Segment>& segments,
                                      const std::vector<std::string>& classes);

}  // namespace reel3d
