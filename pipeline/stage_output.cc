// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stage_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <sstream>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/cli/version.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kSettingsFile = "settings.ini";
constexpr const char* kFailedFile = "failed.tsv";
constexpr const char* kReportFile = "report.json";
constexpr const char* kDone = "DONE";

std::optional<int> FromEnvironment(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr || *text == '\0') {
    return std::nullopt;
  }
  char* end = nullptr;
  const int64_t value = std::strtoll(text, &end, 10);
  if (*end != '\0' || value < 0 || value > 1'000'000) {
    throw UsageError(fmt::format("{}={} is not a task number", name, text));
  }
  return static_cast<int>(value);
}

// The first line that differs, as "height: 240 there, 360 now".
std::string FirstDifference(const std::string& there, const std::string& now) {
  std::istringstream there_lines(there);
  std::istringstream now_lines(now);
  std::string there_line;
  std::string now_line;
  while (true) {
    const bool more_there = static_cast<bool>(std::getline(there_lines, there_line));
    const bool more_now = static_cast<bool>(std::getline(now_lines, now_line));
    if (!more_there || !more_now || there_line != now_line) {
      return fmt::format("'{}' there, '{}' now", more_there ? there_line : "nothing",
                         more_now ? now_line : "nothing");
    }
  }
}

fs::path TaskFolder(const fs::path& folder, int task, int tasks) {
  return folder / "tasks" / fmt::format("{:04}-of-{:04}", task, tasks);
}

// Counts, and seconds, of the same name add up over the tasks; everything else (rates, names) is
// the last task's.
Json Joined(Json sum, const Json& next) {
  for (const auto& [key, value] : next.items()) {
    Json& slot = sum[key];
    if (value.is_number_integer() && slot.is_number_integer()) {
      slot = slot.get<int64_t>() + value.get<int64_t>();
    } else if (key == "seconds" && slot.is_number()) {
      slot = slot.get<double>() + value.get<double>();
    } else {
      slot = value;
    }
  }
  return sum;
}

// What a task's DONE says: a task that finished under other settings does not count.
std::string TaskDoneText(const std::string& settings) {
  return fmt::format("{:08x}\n", Crc32(settings.data(), settings.size()));
}

}  // namespace

void TaskSlice::Bind(OptionBinder& binder) {
  binder.Bind("task", &task_option, {-1, 999'999},
              "which slice of the work is ours, from 0; -1: from SLURM_ARRAY_TASK_ID, else 0",
              Effect::kRunOnly);
  binder.Bind("tasks", &tasks_option, {-1, 1'000'000},
              "number of slices the work is cut into; -1: from SLURM_ARRAY_TASK_COUNT, else 1",
              Effect::kRunOnly);
}

void TaskSlice::Resolve() {
  const std::optional<int> array_task = FromEnvironment("SLURM_ARRAY_TASK_ID");
  const int first = FromEnvironment("SLURM_ARRAY_TASK_MIN").value_or(0);
  const int count = FromEnvironment("SLURM_ARRAY_TASK_COUNT").value_or(1);
  tasks = tasks_option >= 1 ? tasks_option : array_task ? count : 1;
  task = task_option >= 0 ? task_option : array_task ? *array_task - first : 0;
  if (tasks_option == 0 || task < 0 || task >= tasks) {
    throw UsageError(fmt::format("task {} of {}: tasks are numbered 0 .. tasks-1", task, tasks));
  }
}

StageOutput::StageOutput(fs::path folder, std::string tool, const std::string& config,
                         const std::string& output_settings, bool overwrite, TaskSlice slice)
    : folder_(std::move(folder)),
      tool_(std::move(tool)),
      settings_(output_settings),
      slice_(slice),
      must_redo_(overwrite) {
  MakeFolders(folder_);
  RemoveStaleTemporaries(folder_);
  const fs::path settings = folder_ / kSettingsFile;
  if (fs::exists(settings) && !overwrite) {
    const std::string there = ReadFile(settings);
    if (there != output_settings) {
      throw UsageError(fmt::format(
          "{} was made with other settings ({}): name another folder, or --overwrite to make "
          "it anew",
          folder_.string(), FirstDifference(there, output_settings)));
    }
  }
  std::error_code ignored;
  fs::remove(folder_ / kDone, ignored);
  if (slice_.tasks > 1) {
    fs::remove(TaskFolder(folder_, slice_.task, slice_.tasks) / kDone, ignored);
  }
  WriteFileAtomically(settings, output_settings);
  WriteFileAtomically(folder_ / "config.ini", config);
}

void StageOutput::Finish(const Json& report, const std::vector<FailedItem>& failed, bool whole) {
  Json full{{"tool", tool_}, {"version", Version()}, {"seconds", clock_.Seconds()}};
  full.update(report);
  const fs::path ours = slice_.tasks > 1 ? TaskFolder(folder_, slice_.task, slice_.tasks) : folder_;
  MakeFolders(ours);
  WriteFileAtomically(ours / kFailedFile, FormatFailedItems(failed));
  WriteFileAtomically(ours / kReportFile, full.dump(2) + "\n");
  if (whole) {
    WriteFileAtomically(ours / kDone, TaskDoneText(settings_));
    if (slice_.tasks > 1) {
      JoinTasks();
    }
  }
}

void StageOutput::JoinTasks() const {
  Json report;
  std::vector<FailedItem> failed;
  for (int task = 0; task < slice_.tasks; ++task) {
    const fs::path folder = TaskFolder(folder_, task, slice_.tasks);
    if (!fs::exists(folder / kDone) || ReadFile(folder / kDone) != TaskDoneText(settings_)) {
      return;  // whoever finishes last joins
    }
    const std::string failures = ReadFile(folder / kFailedFile);
    const std::vector<FailedItem> items =
        ParseFailedItems(failures, (folder / kFailedFile).string());
    failed.insert(failed.end(), items.begin(), items.end());
    const Json next = Json::parse(ReadFile(folder / kReportFile));
    report = task == 0 ? next : Joined(report, next);
  }
  std::sort(failed.begin(), failed.end(),
            [](const FailedItem& a, const FailedItem& b) { return a.id < b.id; });
  WriteFileAtomically(folder_ / kFailedFile, FormatFailedItems(failed));
  WriteFileAtomically(folder_ / kReportFile, report.dump(2) + "\n");
  WriteFileAtomically(folder_ / kDone, "");
}

}  // namespace reel3d
