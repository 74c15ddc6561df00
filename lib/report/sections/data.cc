// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <string_view>

#include "lib/report/draw/number_text.h"
#include "lib/report/sections/sections.h"

namespace reel3d::report {
namespace {

// Returns the doubts, failures and warnings in the reports of the stages, which make figures mean
// less.
std::vector<std::string> WarningsOf(const RunRecord& run) {
  std::vector<std::string> warnings = run.doubts;
  for (const StageRecord& stage : run.stages) {
    if (stage.num_failed > 0) {
      warnings.push_back(fmt::format("{} failed for {} items; failed.tsv in its folder has reasons",
                                     stage.tool, Grouped(stage.num_failed)));
    }
  }
  const auto warn = [&](const Json& object, const char* key, const char* text) {
    const auto count = NumberOf(object, key);
    if (count && *count > 0) {
      warnings.push_back(fmt::format("{}: {:.0f}", text, *count));
    }
  };
  warn(ReportOf(run, "train-r3d"), "num_damaged", "damaged videos that training replaced");
  warn(ReportOf(run, "train-r3d"), "num_bad_steps", "steps that were not finite and undone");
  warn(run.evaluation.metrics, "num_missing", "videos that were not scored and count as wrong");
  warn(run.evaluation.metrics, "num_unlabelled", "videos without a label, which no figure counts");
  const auto is_true = [](const Json& object, const char* key) {
    return object.contains(key) && object[key].is_boolean() && object[key].get<bool>();
  };
  if (is_true(run.evaluation.metrics, "frames_shuffled")) {
    warnings.emplace_back("the frames were shuffled: this is a test of motion, not a result");
  }
  if (is_true(ReportOf(run, "train-r3d"), "stopped_early")) {
    warnings.emplace_back("training was stopped before its last epoch");
  }
  return warnings;
}

Table CountsOf(const std::vector<RunRecord>& runs) {
  // In some runs pack-videos has packed instead, and counts the same.
  static constexpr const char* kPackShards = "pack-shards";
  struct Count {
    const char* name;
    const char* tool;
    const char* key;
  };
  constexpr Count kCounts[] = {
      {"videos listed", kPackShards, "num_videos"},
      {"videos packed", kPackShards, "num_packed"},
      {"frames", kPackShards, "num_frames"},
      {"training videos", "train-r3d", "training_videos"},
      {"validation videos", "train-r3d", "validation_videos"},
      {"videos scored", "score-videos", "videos"},
      {"clips scored", "score-videos", "clips"},
  };
  Table table;
  table.title = "The data in numbers";
  table.columns = {{"count of"}};
  for (const RunRecord& run : runs) {
    table.columns.push_back({run.name, true});
  }
  for (const Count& count : kCounts) {
    Row row;
    row.cells.push_back(TextCell(count.name));
    bool is_known = false;
    for (const RunRecord& run : runs) {
      auto number = NumberOf(ReportOf(run, count.tool), count.key);
      if (!number && count.tool == std::string_view(kPackShards)) {
        number = NumberOf(ReportOf(run, "pack-videos"), count.key);
      }
      is_known = is_known || number.has_value();
      row.cells.push_back(CountCell(number));
    }
    if (is_known) {
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

}  // namespace

Content MakeData(const std::vector<RunRecord>& runs) {
  Content content;
  for (const RunRecord& run : runs) {
    const std::vector<std::string> warnings = WarningsOf(run);
    for (const std::string& warning : warnings) {
      content.AddText(run.name + ": " + warning + ".", "warn");
    }
    if (warnings.empty()) {
      content.AddText(run.name + ": no stage has reported a doubt about the data, or a failure.");
    }
  }
  const Table counts = CountsOf(runs);
  if (!counts.rows.empty()) {
    content.AddTable("counts", counts);
  }
  return content;
}

}  // namespace reel3d::report
