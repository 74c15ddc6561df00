// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "lib/report/draw/number_text.h"
#include "lib/report/draw/stacked_bars.h"
#include "lib/report/sections/sections.h"

namespace reel3d::report {
namespace {

// The bars have as many colours as the page, so some parts share one. The table has all parts.
struct Series {
  const char* name;
  std::vector<Part> parts;
};

const std::vector<Series>& BarSeries() {
  static const std::vector<Series> series = {
      {"steps that count", {Part::kKept}},
      {"lost, or not saved yet", {Part::kLost, Part::kUnsaved}},
      {"waiting for data and other ranks", {Part::kData, Part::kRanks}},
      {"validation and saving", {Part::kValidation, Part::kSaves}},
      {"starting", {Part::kStart}},
      {"in the queue, or between two starts", {Part::kQueue, Part::kBetween}},
  };
  return series;
}

struct BarUnit {
  const char* name;
  double seconds;
};

// Returns the largest unit that the longest bar has twice.
BarUnit BarUnitFor(const Goodput& goodput) {
  double longest_s = 0;
  for (const JobTimes& job : goodput.jobs) {
    longest_s = std::max(longest_s, job.wall_s);
  }
  for (const BarUnit unit : {BarUnit{"hours", 3600}, BarUnit{"minutes", 60}}) {
    if (longest_s >= 2 * unit.seconds) {
      return unit;
    }
  }
  return {"seconds", 1};
}

std::string NameOf(size_t index, const JobTimes& job) {
  return job.job.empty() ? fmt::format("start {}", index + 1)
                         : fmt::format("{}: job {}", index + 1, job.job);
}

// A table of thousands of rows would make the page slow; inspect-file prints all starts.
constexpr size_t kMostStarts = 200;

Table PartTable(const Goodput& goodput) {
  Table table;
  table.title = "Seconds of each start, with the time since the start before it";
  table.columns = {{"start"},
                   {"end"},
                   {"processes", true},
                   {"steps kept", true},
                   {"steps lost", true},
                   {"wall clock, s", true}};
  for (size_t part = 0; part < kNumParts; ++part) {
    table.columns.push_back({std::string(PartWords(static_cast<Part>(part))) + ", s", true});
  }
  const size_t first = goodput.jobs.size() > kMostStarts ? goodput.jobs.size() - kMostStarts : 0;
  if (first > 0) {
    table.title += fmt::format(": the newest {} of {}", kMostStarts, goodput.jobs.size());
  }
  for (size_t i = first; i < goodput.jobs.size(); ++i) {
    const JobTimes& job = goodput.jobs[i];
    Row row;
    row.cells = {TextCell(NameOf(i, job)),
                 TextCell(job.end.empty() ? "killed, or at work" : job.end),
                 CountCell(job.ranks),
                 CountCell(static_cast<double>(job.kept_steps)),
                 CountCell(static_cast<double>(job.lost_steps)),
                 SecondsCell(job.wall_s)};
    for (const double seconds : job.parts) {
      row.cells.push_back(SecondsCell(seconds));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

Figure BarFigure(const std::string& id, const std::string& title, const Goodput& goodput) {
  constexpr size_t kMostBars = 30;
  const BarUnit unit = BarUnitFor(goodput);
  StackedBars chart;
  chart.x_name = unit.name;
  for (const Series& series : BarSeries()) {
    chart.series.emplace_back(series.name);
  }
  const size_t first = goodput.jobs.size() > kMostBars ? goodput.jobs.size() - kMostBars : 0;
  for (size_t i = first; i < goodput.jobs.size(); ++i) {
    StackedBar bar{NameOf(i, goodput.jobs[i]), {}};
    for (const Series& series : BarSeries()) {
      double sum_s = 0;
      for (const Part part : series.parts) {
        sum_s += In(goodput.jobs[i].parts, part);
      }
      bar.parts.push_back(sum_s / unit.seconds);
    }
    chart.bars.push_back(std::move(bar));
  }
  Figure figure;
  figure.id = id;
  figure.title = title;
  figure.alt = title + ". " + Describe(goodput) + ".";
  if (first > 0) {
    figure.note = fmt::format("The newest {} of {} starts.", kMostBars, goodput.jobs.size());
  }
  figure.drawing = DrawStackedBars(chart);
  figure.table = PartTable(goodput);
  return figure;
}

}  // namespace

Content MakeGoodput(const std::vector<RunRecord>& runs) {
  Content content;
  std::vector<Figure> figures;
  for (size_t run = 0; run < runs.size(); ++run) {
    if (!runs[run].goodput) {
      continue;
    }
    const Goodput& goodput = *runs[run].goodput;
    content.AddText((runs.size() > 1 ? runs[run].name + ": " : "") + Describe(goodput) + ".");
    if (goodput.first_step > 0) {
      content.AddText(
          fmt::format("The first {} steps are older than train/starts.jsonl; their time "
                      "is not known.",
                      Grouped(goodput.first_step)),
          "note");
    }
    figures.push_back(BarFigure(IdFor("starts", runs, run),
                                "Wall clock by start" + ForRun(runs, runs[run]), goodput));
  }
  content.AddFigures(figures);
  return content;
}

}  // namespace reel3d::report
