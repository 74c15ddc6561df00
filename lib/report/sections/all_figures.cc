// SPDX-License-Identifier: Apache-2.0
#include "lib/report/sections/all_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace reel3d::report {
namespace {

// Describes a figure by its keys in metrics.json and, for the interval, in figures.json.
struct Figures {
  const char* name;
  const char* missing_wrong;    // null: the figure is only of scored videos
  const char* missing_ignored;  // null: the figure is only of all videos
  const char* interval;         // null: it has none
};

constexpr Figures kFigures[] = {
    {"top-1", "video_top1", "video_top1_ignoring_missing", "top1"},
    {"top-5", "video_top5", "video_top5_ignoring_missing", "top5"},
    {"average: (top-1 + top-5) / 2", "video_average", "video_average_ignoring_missing", "average"},
    {"mean class top-1", nullptr, "mean_class_top1", "mean_class_top1"},
    {"mean average precision (mAP)", nullptr, "mean_average_precision", nullptr},
    {"clip top-1", "clip_top1", nullptr, nullptr},
    {"calibration error (ECE)", nullptr, "ece", nullptr},
};

std::optional<double> Find(const Json& metrics, const char* key) {
  return key == nullptr ? std::nullopt : NumberOf(metrics, key);
}

// Adds the four cells of a run.
void AddCells(const RunRecord& run, const Figures& figure, Row* row) {
  const Json& metrics = run.evaluation.metrics;
  const Json& figures = run.evaluation.figures;
  const Json intervals = figures.contains("intervals_95") ? figures["intervals_95"] : Json();
  const auto interval =
      figure.interval == nullptr ? std::nullopt : IntervalOf(intervals, figure.interval);
  row->cells.push_back(PercentCell(Find(metrics, figure.missing_wrong)));
  row->cells.push_back(PercentCell(Find(metrics, figure.missing_ignored)));
  for (const bool is_low : {true, false}) {
    row->cells.push_back(
        PercentCell(interval ? std::optional<double>(is_low ? interval->first : interval->second)
                             : std::nullopt));
  }
}

// Returns hit@k of a run by k.
std::map<int64_t, double> HitsOf(const RunRecord& run) {
  const Json::json_pointer path("/ranking/hit_at_k");
  std::map<int64_t, double> hits;
  if (!run.evaluation.figures.contains(path) || !run.evaluation.figures.at(path).is_array()) {
    return hits;
  }
  for (const Json& entry : run.evaluation.figures.at(path)) {
    const auto k = NumberOf(entry, "k");
    const auto hit = NumberOf(entry, "hit");
    if (k && hit && *k >= 1 && *k < 1e6) {
      hits[std::llround(*k)] = *hit;
    }
  }
  return hits;
}

void AddHits(const std::vector<RunRecord>& runs, Table* table) {
  std::vector<std::map<int64_t, double>> hits;
  std::map<int64_t, double> all;
  for (const RunRecord& run : runs) {
    hits.push_back(HitsOf(run));
    all.insert(hits.back().begin(), hits.back().end());
  }
  for (const auto& [k, unused] : all) {
    Row row;
    row.cells.push_back(TextCell(fmt::format("hit@{}: some label is among the first {}", k, k)));
    for (const auto& of_run : hits) {
      const auto found = of_run.find(k);
      row.cells.push_back(PercentCell({}));
      row.cells.push_back(
          PercentCell(found == of_run.end() ? std::optional<double>() : found->second));
      row.cells.insert(row.cells.end(), 2, PercentCell({}));
    }
    table->rows.push_back(std::move(row));
  }
}

}  // namespace

std::optional<std::pair<double, double>> IntervalOf(const Json& object, const char* key) {
  if (!object.is_object()) {
    return std::nullopt;
  }
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array() || found->size() != 2 ||
      !(*found)[0].is_number() || !(*found)[1].is_number()) {
    return std::nullopt;
  }
  const std::pair<double, double> ends((*found)[0].get<double>(), (*found)[1].get<double>());
  return std::isfinite(ends.first) && std::isfinite(ends.second) ? std::optional(ends)
                                                                 : std::nullopt;
}

Table AllFigures(const std::vector<RunRecord>& runs) {
  Table table;
  table.title = "Every accuracy figure";
  table.columns = {{"figure"}};
  for (const RunRecord& run : runs) {
    const std::string before = runs.size() > 1 ? run.name + ": " : "";
    for (const char* column : {"missing are wrong", "missing ignored", "from", "to"}) {
      table.columns.push_back({before + column, true});
    }
  }
  for (const Figures& figure : kFigures) {
    Row row;
    row.cells.push_back(TextCell(figure.name));
    for (const RunRecord& run : runs) {
      AddCells(run, figure, &row);
    }
    if (std::any_of(row.cells.begin() + 1, row.cells.end(),
                    [](const Cell& cell) { return !cell.value.is_null(); })) {
      table.rows.push_back(std::move(row));
    }
  }
  AddHits(runs, &table);
  return table;
}

}  // namespace reel3d::report
