// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "lib/report/sections/sections.h"
#include "lib/report/sections/series.h"

namespace reel3d::report {
namespace {

// Returns the seconds of each phase of an epoch, as a mean over its ranks; empty without ranks.
std::map<std::string, double> PhasesOf(const Json& epoch) {
  std::map<std::string, double> phases;
  const auto ranks = epoch.find("ranks");
  if (ranks == epoch.end() || !ranks->is_array()) {
    return phases;
  }
  for (const Json& rank : *ranks) {
    if (!rank.is_object() || !rank.contains("phases_s") || !rank["phases_s"].is_object()) {
      continue;
    }
    for (const auto& [name, seconds] : rank["phases_s"].items()) {
      if (seconds.is_number()) {
        phases[name] += seconds.get<double>() / static_cast<double>(ranks->size());
      }
    }
  }
  return phases;
}

// Returns rows of epoch, clips_per_s and waiting_share, made of the lines of times.jsonl.
std::vector<Json> RatesOf(const RunRecord& run) {
  std::vector<Json> rates;
  for (const Json& epoch : run.times) {
    const auto seconds = NumberOf(epoch, "seconds");
    const auto clips = NumberOf(epoch, "clips");
    const auto number = NumberOf(epoch, "epoch");
    if (!number || !seconds || *seconds <= 0) {
      continue;
    }
    Json row = {{"epoch", *number}};
    if (clips) {
      row["clips_per_s"] = *clips / *seconds;
    }
    const auto phases = PhasesOf(epoch);
    if (const auto waiting = phases.find("waiting for data"); waiting != phases.end()) {
      row["waiting_share"] = std::min(1.0, waiting->second / *seconds);
    }
    rates.push_back(std::move(row));
  }
  return rates;
}

Table PhaseTable(const std::vector<RunRecord>& runs) {
  Table table;
  table.title = "Where the time of training went, as a mean over processes";
  table.columns = {{"phase"}};
  std::vector<std::map<std::string, double>> phases(runs.size());
  std::vector<double> totals(runs.size());
  std::map<std::string, double> all;
  for (size_t run = 0; run < runs.size(); ++run) {
    table.columns.push_back({runs[run].name + ", s", true});
    table.columns.push_back({"share", true});
    for (const Json& epoch : runs[run].times) {
      for (const auto& [name, seconds] : PhasesOf(epoch)) {
        phases[run][name] += seconds;
        totals[run] += seconds;
        all[name] += seconds;
      }
    }
  }
  for (const auto& [name, seconds] : all) {
    Row row;
    row.cells.push_back(TextCell(name));
    for (size_t run = 0; run < runs.size(); ++run) {
      row.cells.push_back(NumberCell(phases[run][name]));
      row.cells.push_back(
          PercentCell(totals[run] > 0 ? phases[run][name] / totals[run] : std::optional<double>()));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

Figure RateFigure(const std::vector<RunRecord>& runs, const char* key, const char* title,
                  const char* y_name, Scale scale) {
  LineChart chart;
  chart.x_name = "epoch";
  chart.y_name = y_name;
  chart.y_scale = scale;
  chart.y_from_zero = true;
  for (size_t run = 0; run < runs.size(); ++run) {
    chart.lines.push_back(
        {runs[run].name, static_cast<int>(run), false, SeriesOf(RatesOf(runs[run]), key)});
  }
  return ChartFigure(key, title, chart);
}

}  // namespace

Content MakeSpeed(const std::vector<RunRecord>& runs) {
  Content content;
  std::vector<Figure> figures = {
      RateFigure(runs, "clips_per_s", "Throughput", "clips a second", Scale::kLinear),
      RateFigure(runs, "waiting_share", "Waiting for data", "share of the time, %",
                 Scale::kPercent)};
  figures.erase(std::remove_if(figures.begin(), figures.end(),
                               [](const Figure& figure) { return figure.table.rows.empty(); }),
                figures.end());
  if (figures.empty()) {
    content.AddText("The speed is not known, because no run has lines in train/times.jsonl.");
    return content;
  }
  content.AddFigures(figures);
  content.AddTable("phases", PhaseTable(runs));
  return content;
}

}  // namespace reel3d::report
