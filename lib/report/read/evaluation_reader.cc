// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/text_lines.h"
#include "lib/eval/interval.h"
#include "lib/report/read/run_reader.h"
#include "lib/report/read/tolerant.h"

namespace reel3d::report {
namespace {

namespace fs = std::filesystem;

void SetInterval(ClassResult* result) {
  const Interval interval = WilsonInterval(
      std::llround(result->top1 * static_cast<double>(result->num_videos)), result->num_videos);
  result->low = interval.low;
  result->high = interval.high;
}

std::vector<ClassResult> ClassesOf(const Json& metrics) {
  std::vector<ClassResult> classes;
  const auto list = metrics.find("per_class");
  if (list == metrics.end() || !list->is_array()) {
    return classes;
  }
  for (const Json& entry : *list) {
    const std::optional<double> num_videos = NumberOf(entry, "num_videos");
    const std::optional<double> top1 = NumberOf(entry, "top1");
    if (!num_videos || *num_videos < 1 || *num_videos > 1e15 || !top1 || *top1 < 0 || *top1 > 1) {
      continue;  // a class without videos has nothing to show
    }
    ClassResult result;
    result.name = TextOf(entry, "class");
    result.num_videos = std::llround(*num_videos);
    result.top1 = *top1;
    result.top5 = NumberOf(entry, "top5").value_or(0);
    SetInterval(&result);
    classes.push_back(result);
  }
  return classes;
}

// Adds the counts of a line of confusion.tsv. Returns false if the line is damaged.
bool AddConfusion(std::string_view line, EvaluationRecord* record, size_t row) {
  const std::vector<std::string_view> fields = SplitAtTabs(line);
  if (row >= record->names.size() || fields.size() != record->names.size() + 1) {
    return false;
  }
  std::vector<HeatCell> cells;
  for (size_t column = 0; column < record->names.size(); ++column) {
    const std::optional<double> count = ParseNumber(fields[column + 1]);
    if (!count || *count < 0 || *count > 1e15) {
      return false;
    }
    if (*count >= 1) {
      cells.push_back({row, column, std::llround(*count)});
    }
  }
  record->confusion.insert(record->confusion.end(), cells.begin(), cells.end());
  return true;
}

void ReadConfusion(const fs::path& file, EvaluationRecord* record,
                   std::vector<std::string>* missing) {
  Tolerate(missing, [&] {
    const std::string text = ReadFile(file);
    TextLines lines(text, file.string());
    std::string_view line;
    RequireHeader(lines.Next(&line), file);
    for (const std::string_view name : SplitAtTabs(line)) {
      record->names.emplace_back(name);
    }
    record->names.erase(record->names.begin());  // the word "label"
    DamagedLines damaged;
    for (size_t row = 0; lines.Next(&line); ++row) {
      if (!AddConfusion(line, record, row)) {
        damaged.Add(lines.number());
      }
    }
    damaged.Say(file, missing);
  });
}

// Returns nothing if the table lacks these columns or the values make no sense.
std::optional<SeenClip> SurestClipOf(const LooseRow& row) {
  constexpr double kMostFrames = 1e9;
  const std::optional<double> values[] = {row.Number("surest_frame"), row.Number("surest_frames"),
                                          row.Number("surest_crop")};
  const std::optional<double> probability = row.Number("surest_probability");
  const bool are_counts =
      std::all_of(std::begin(values), std::end(values), [](const std::optional<double>& value) {
        return value && *value >= 0 && *value <= kMostFrames && std::floor(*value) == *value;
      });
  if (!are_counts || *values[1] < 1 || !probability || *probability < 0 || *probability > 1) {
    return std::nullopt;
  }
  return SeenClip{std::llround(*values[0]), std::llround(*values[1]), static_cast<int>(*values[2]),
                  *probability};
}

void ReadAnswers(const fs::path& file, EvaluationRecord* record,
                 std::vector<std::string>* missing) {
  ReadLooseTable(file, missing, [&](const LooseRow& row) {
    const std::optional<double> score = row.Number("score");
    if (row.Text("id").empty() || row.Text("predicted").empty() || !score) {
      return false;
    }
    if (!row.Text("label").empty()) {
      record->answers[std::string(row.Text("id"))] = {
          std::string(row.Text("label")), std::string(row.Text("predicted")), row.Number("rank")};
    }
    if (!row.Text("label").empty() && row.Text("label") != row.Text("predicted")) {
      record->mistakes.push_back({std::string(row.Text("id")), std::string(row.Text("label")),
                                  std::string(row.Text("predicted")), *score, row.Number("rank"),
                                  SurestClipOf(row)});
    }
    return true;
  });
  std::stable_sort(record->mistakes.begin(), record->mistakes.end(),
                   [](const Mistake& a, const Mistake& b) { return a.score > b.score; });
}

void ReadSuspects(const fs::path& file, EvaluationRecord* record,
                  std::vector<std::string>* missing) {
  if (!fs::exists(file)) {
    return;  // older evaluations have none
  }
  ReadLooseTable(file, missing, [&](const LooseRow& row) {
    const std::optional<double> margin = row.Number("margin");
    if (row.Text("id").empty() || row.Text("label").empty() || row.Text("answer").empty() ||
        !margin) {
      return false;
    }
    record->suspects.push_back({std::string(row.Text("id")), std::string(row.Text("label")),
                                std::string(row.Text("answer")), *margin});
    return true;
  });
}

}  // namespace

EvaluationRecord ReadEvaluation(const fs::path& folder, std::vector<std::string>* missing) {
  EvaluationRecord record;
  Tolerate(missing, [&] { record.metrics = ReadJsonObject(folder / "metrics.json"); });
  Tolerate(missing, [&] { record.figures = ReadJsonObject(folder / "figures.json"); });
  record.classes = ClassesOf(record.metrics);
  ReadConfusion(folder / "confusion.tsv", &record, missing);
  ReadAnswers(folder / "predictions.tsv", &record, missing);
  ReadSuspects(folder / "suspect_labels.tsv", &record, missing);
  return record;
}

}  // namespace reel3d::report
