// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "lib/report/draw/number_text.h"
#include "lib/report/draw/time_lanes.h"
#include "lib/report/sections/sections.h"

namespace reel3d::report {
namespace {

constexpr size_t kMostLanes = 12;

// Returns for each window the time at which the next one begins, so that windows which overlap are
// not drawn over each other; for the last one its end.
double EndOf(const Timeline& timeline, size_t window) {
  const double end_s = timeline.windows[window].end_s;
  return window + 1 < timeline.windows.size()
             ? std::min(end_s, timeline.windows[window + 1].begin_s)
             : end_s;
}

// Returns the seconds in which each class is the best one.
std::vector<double> SecondsOf(const Timeline& timeline) {
  std::vector<double> seconds(timeline.classes.size());
  for (size_t window = 0; window < timeline.windows.size(); ++window) {
    seconds[timeline.windows[window].answers.front().first] +=
        EndOf(timeline, window) - timeline.windows[window].begin_s;
  }
  return seconds;
}

// Returns at most kMostLanes classes that are the best one somewhere, the longest first.
std::vector<size_t> LanesOf(const std::vector<double>& seconds) {
  std::vector<size_t> order(seconds.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return seconds[a] > seconds[b]; });
  while (order.size() > 1 && (order.size() > kMostLanes || seconds[order.back()] <= 0)) {
    order.pop_back();
  }
  return order;
}

TimeLanes DrawnLanes(const Timeline& timeline, const std::vector<size_t>& classes) {
  TimeLanes lanes;
  std::vector<size_t> lane_of(timeline.classes.size(), classes.size());
  for (size_t lane = 0; lane < classes.size(); ++lane) {
    lanes.names.push_back(timeline.classes[classes[lane]]);
    lane_of[classes[lane]] = lane;
  }
  for (size_t window = 0; window < timeline.windows.size(); ++window) {
    TimePart part = {timeline.windows[window].begin_s, EndOf(timeline, window),
                     std::vector<double>(classes.size())};
    for (const auto& [index, probability] : timeline.windows[window].answers) {
      if (lane_of[index] < classes.size()) {
        part.shares[lane_of[index]] = probability;
      }
    }
    lanes.parts.push_back(std::move(part));
  }
  return lanes;
}

Table TableOf(const Timeline& timeline) {
  Table table;
  table.title = "The windows of " + timeline.name;
  table.columns = {{"begin, s", true},    {"end, s", true}, {"class"},
                   {"probability", true}, {"second class"}, {"its probability", true}};
  for (const TimelineWindow& window : timeline.windows) {
    Row row;
    row.cells = {NumberCell(window.begin_s), NumberCell(window.end_s)};
    for (size_t place = 0; place < 2; ++place) {
      const bool is_known = place < window.answers.size();
      row.cells.push_back(
          TextCell(is_known ? timeline.classes[window.answers[place].first] : "\xE2\x80\x93"));
      row.cells.push_back(
          PercentCell(is_known ? window.answers[place].second : std::optional<double>()));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

Figure FigureOf(const std::string& id, const std::string& title, const Timeline& timeline) {
  const std::vector<double> seconds = SecondsOf(timeline);
  const std::vector<size_t> lanes = LanesOf(seconds);
  const double shown_s = std::accumulate(seconds.begin(), seconds.end(), 0.0);
  const double length_s = timeline.windows.back().end_s;
  Figure figure;
  figure.id = id;
  figure.title = title;
  figure.alt = fmt::format(
      "Answers for {} windows of a video of {}. Longest: {}, in {} of the time.",
      timeline.windows.size(), ClockTime(length_s, length_s), timeline.classes[lanes.front()],
      Percent(shown_s > 0 ? seconds[lanes.front()] / shown_s : 0));
  const auto num_best =
      std::count_if(seconds.begin(), seconds.end(), [](double time_s) { return time_s > 0; });
  if (num_best > static_cast<int64_t>(lanes.size())) {
    figure.note = fmt::format("The {} classes that are the best answer for longest, of {}.",
                              lanes.size(), num_best);
  }
  figure.drawing = DrawTimeLanes(DrawnLanes(timeline, lanes));
  figure.table = TableOf(timeline);
  figure.table.most_rows = 200;
  return figure;
}

}  // namespace

Content MakeTimelines(const std::vector<RunRecord>& runs) {
  Content content;
  std::vector<Figure> figures;
  for (const RunRecord& run : runs) {
    for (const Timeline& timeline : run.timelines) {
      const std::string id = fmt::format("timeline_{}", figures.size() + 1);
      figures.push_back(FigureOf(id, timeline.name + ForRun(runs, run), timeline));
    }
  }
  if (!figures.empty()) {
    content.AddText(
        "Each lane is a class, darker where it is more probable. A window whose best answer is "
        "pale is unsure. The tables are those of classify-video --timeline.",
        "note");
    content.AddFigures(figures);
  }
  return content;
}

}  // namespace reel3d::report
