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

// The seconds of a phase over all epochs, by rank.
using RankSeconds = std::map<size_t, double>;

// Returns the seconds of each phase, summed over the epochs.
std::map<std::string, RankSeconds> PhasesByRank(const RunRecord& run) {
  std::map<std::string, RankSeconds> phases;
  for (const Json& epoch : run.times) {
    const auto ranks = epoch.find("ranks");
    if (ranks == epoch.end() || !ranks->is_array()) {
      continue;
    }
    for (size_t rank = 0; rank < ranks->size(); ++rank) {
      const Json& entry = (*ranks)[rank];
      if (!entry.is_object() || !entry.contains("phases_s") || !entry["phases_s"].is_object()) {
        continue;
      }
      for (const auto& [name, seconds] : entry["phases_s"].items()) {
        phases[name][rank] += seconds.is_number() ? seconds.get<double>() : 0;
      }
    }
  }
  return phases;
}

// Returns a row for each run and phase. The extremes show a rank that the mean would hide.
Table PhaseTable(const std::vector<RunRecord>& runs) {
  Table table;
  table.title = "Where the time of training went";
  table.columns = {{"run"},
                   {"phase"},
                   {"mean of processes, s", true},
                   {"share", true},
                   {"least, s", true},
                   {"most, s", true},
                   {"rank with the most", true}};
  for (const RunRecord& run : runs) {
    std::map<std::string, double> means;
    double total = 0;
    for (const Json& epoch : run.times) {
      for (const auto& [name, seconds] : PhasesOf(epoch)) {
        means[name] += seconds;
        total += seconds;
      }
    }
    for (const auto& [name, seconds] : PhasesByRank(run)) {
      const auto [least, most] =
          std::minmax_element(seconds.begin(), seconds.end(),
                              [](const auto& a, const auto& b) { return a.second < b.second; });
      table.rows.push_back({{TextCell(run.name), TextCell(name), SecondsCell(means[name]),
                             PercentCell(total > 0 ? means[name] / total : std::optional<double>()),
                             SecondsCell(least->second), SecondsCell(most->second),
                             CountCell(most->second > least->second
                                           ? std::optional<double>(static_cast<double>(most->first))
                                           : std::nullopt)}});
    }
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
  content.AddText(
      "Sums over the epochs; ranks count from 0. A rank that computes longer than the others makes "
      "them wait for it.",
      "note");
  return content;
}

}  // namespace reel3d::report
