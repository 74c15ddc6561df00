// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stage_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <sstream>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/base/versions.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kSettingsFile = "settings.ini";
constexpr const char* kConfigFile = "config.ini";
constexpr const char* kFailedFile = "failed.tsv";
constexpr const char* kReportFile = "report.json";
constexpr const char* kDone = "DONE";
constexpr int kTasksToList = 100;
constexpr int kMostTasks = 1'000'000;
constexpr const char* kLockFile = "lock";  // of train-r3d

std::optional<int> FromEnvironment(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr || *text == '\0') {
    return std::nullopt;
  }
  char* end = nullptr;
  const int64_t value = std::strtoll(text, &end, 10);
  if (*end != '\0' || value < 0 || value > kMostTasks) {
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

// Counts, and seconds, of the same name add up over the tasks, what is listed by name comes
// together; everything else (rates, names) is the last task's.
Json Joined(Json sum, const Json& next) {
  for (const auto& [key, value] : next.items()) {
    Json& slot = sum[key];
    if (value.is_number_integer() && slot.is_number_integer()) {
      slot = slot.get<int64_t>() + value.get<int64_t>();
    } else if (key == "seconds" && slot.is_number()) {
      slot = slot.get<double>() + value.get<double>();
    } else if (value.is_object() && slot.is_object()) {
      slot.update(value);
    } else {
      slot = value;
    }
  }
  return sum;
}

bool OverTolerance(const Tolerance& tolerance) {
  return static_cast<double>(tolerance.num_failed) >
         tolerance.max_failed_fraction * static_cast<double>(tolerance.num_items);
}

// What a task's DONE says: which work it did, on how many items, and how many of them failed.
struct TaskDone {
  std::string work_id;
  int64_t num_items = 0, num_failed = 0;
};

std::string FormatTaskDone(const TaskDone& done) {
  return fmt::format("{} {} {}\n", done.work_id, done.num_items, done.num_failed);
}

// Of work that is not there yet or makes no sense: no work id.
TaskDone ReadTaskDone(const fs::path& file) {
  TaskDone done;
  if (fs::exists(file)) {
    std::istringstream text(ReadFile(file, 4096));
    if (!(text >> done.work_id >> done.num_items >> done.num_failed)) {
      done = {};
    }
  }
  return done;
}

}  // namespace

void TaskSlice::Bind(OptionBinder& binder) {
  binder.Bind("task", &task_option, {-1, kMostTasks - 1},
              "which slice of the work is ours, from 0; -1: from SLURM_ARRAY_TASK_ID, else 0",
              Effect::kOnce);
  binder.Bind("tasks", &tasks_option, {-1, kMostTasks},
              "number of slices the work is cut into; -1: from SLURM_ARRAY_TASK_COUNT, else 1",
              Effect::kOnce);
}

void TaskSlice::Resolve() {
  const std::optional<int> array_task = FromEnvironment("SLURM_ARRAY_TASK_ID");
  const int count = FromEnvironment("SLURM_ARRAY_TASK_COUNT").value_or(1);
  const bool is_part = tasks_option >= 1 && tasks_option != count;
  const int first = is_part ? 0 : FromEnvironment("SLURM_ARRAY_TASK_MIN").value_or(0);
  tasks = tasks_option >= 1 ? tasks_option : array_task ? count : 1;
  task = task_option >= 0 ? task_option : array_task ? *array_task - first : 0;
  if (tasks_option == 0 || task < 0 || task >= tasks) {
    throw UsageError(fmt::format("task {} of {}: tasks are numbered 0 .. tasks-1", task, tasks));
  }
}

namespace {

// A stage replaces and removes files in its folder: one that holds others' files is not for it.
// Hidden ones may be another task's, which begins at the same moment.
void RequireNothingElse(const fs::path& folder) {
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.front() != '.' && name != kLockFile && name != kSettingsFile) {
      throw UsageError(
          fmt::format("{} holds files that reel3d did not write, such as {}: name a new "
                      "folder",
                      folder.string(), name));
    }
  }
}

// The tool that a stage's report.json in `folder` names; "" without one.
std::string ReportedTool(const fs::path& folder) {
  const fs::path report = folder / kReportFile;
  if (!fs::exists(report)) {
    return "";
  }
  const Json json = Json::parse(ReadFile(report), nullptr, /*allow_exceptions=*/false);
  const auto tool = json.is_object() ? json.find("tool") : json.end();
  return tool != json.end() && tool->is_string() ? tool->get<std::string>() : "";
}

// --overwrite, too, is for what the same stage made there.
void RequireNoOtherStage(const fs::path& folder, const std::string& tool) {
  const std::string other = ReportedTool(folder);
  if (!other.empty() && other != tool) {
    throw UsageError(
        fmt::format("{} holds what \"{}\" made: name another folder", folder.string(), other));
  }
}

}  // namespace

std::string FileIdentity(const fs::path& file) {
  constexpr uint64_t kMaxBytes = uint64_t{64} << 30;  // weights may be large
  const std::string bytes = ReadFile(file, kMaxBytes);
  return fmt::format("{:08x}", Crc32(bytes.data(), bytes.size()));
}

std::string MakerOfFolder(const fs::path& folder) {
  std::error_code absent;
  const bool has_settings = fs::is_regular_file(folder / kSettingsFile, absent);
  const bool has_config = fs::is_regular_file(folder / kConfigFile, absent);
  if (!has_settings || !(has_config || fs::is_regular_file(folder / kReportFile, absent))) {
    return "";
  }
  const std::string tool = ReportedTool(folder);
  return tool.empty() ? "a tool that has not finished" : tool;
}

std::string FormatArrayList(const std::vector<int>& tasks) {
  std::string text;
  for (size_t i = 0; i < tasks.size(); ++i) {
    const size_t first = i;
    while (i + 1 < tasks.size() && tasks[i + 1] == tasks[i] + 1) {
      ++i;
    }
    text += fmt::format("{}{}", text.empty() ? "" : ",", tasks[first]);
    text += i > first ? fmt::format("-{}", tasks[i]) : "";
  }
  return text;
}

namespace {

fs::path FolderOfTask(const fs::path& folder, int task, int tasks) {
  return folder / "tasks" / fmt::format("{:04}-of-{:04}", task, tasks);
}

}  // namespace

std::vector<int> TasksNotDone(const fs::path& folder) {
  if (fs::exists(folder / kDone) || !fs::is_directory(folder / "tasks")) {
    return {};
  }
  int tasks = 0;
  fs::file_time_type latest = fs::file_time_type::min();
  for (const fs::directory_entry& entry : fs::directory_iterator(folder / "tasks")) {
    const std::string name = entry.path().filename().string();
    const size_t of = name.find("-of-");
    std::error_code gone;
    const fs::file_time_type time = fs::last_write_time(entry.path(), gone);
    if (of != std::string::npos && !gone && time >= latest) {
      latest = time;
      tasks = 0;
      std::from_chars(name.data() + of + 4, name.data() + name.size(), tasks);
      tasks = std::min(tasks, kMostTasks);
    }
  }
  std::vector<int> unfinished;
  for (int task = 0; task < tasks; ++task) {
    if (!fs::exists(FolderOfTask(folder, task, tasks) / kDone)) {
      unfinished.push_back(task);
    }
  }
  return unfinished;
}

StageOutput::StageOutput(StageRun run) : run_(std::move(run)) {
  MakeFolders(run_.folder);
  RemoveStaleTemporaries(run_.folder);
  const fs::path settings = run_.folder / kSettingsFile;
  if (!fs::exists(settings)) {
    RequireNothingElse(run_.folder);
  }
  RequireNoOtherStage(run_.folder, run_.tool);
  if (!run_.overwrite && !WriteFirstFile(settings, run_.output_settings)) {
    RequireOurs();
  }
  RemoveStaleTemporaries(OwnFolder());
  std::error_code ignored;
  fs::remove(run_.folder / kDone, ignored);
  fs::remove(OwnFolder() / kDone, ignored);
  if (run_.overwrite && run_.clear) {
    run_.clear();
  }
  if (run_.overwrite) {
    WriteFileAtomically(settings, run_.output_settings);
  }
  WriteFileAtomically(run_.folder / kConfigFile, run_.config);
}

void StageOutput::RequireOurs() const {
  const std::string there = ReadFile(run_.folder / kSettingsFile);
  if (there != run_.output_settings) {
    throw UsageError(fmt::format(
        "{} was made with other settings ({}): name another folder, or --overwrite to make "
        "it anew (under make: OVERWRITE=yes)",
        run_.folder.string(), FirstDifference(there, run_.output_settings)));
  }
}

fs::path StageOutput::TaskFolder(int task) const {
  return FolderOfTask(run_.folder, task, run_.slice.tasks);
}

// Where this process reports: its task's folder, or the stage's own if there is but one task.
fs::path StageOutput::OwnFolder() const {
  return run_.slice.tasks > 1 ? TaskFolder(run_.slice.task) : run_.folder;
}

// A task that finished under other settings, or read something else, does not count.
std::string StageOutput::WorkId() const {
  std::string text = run_.output_settings;
  for (const StageInput& input : run_.inputs) {
    text += input.identity + "\n";
  }
  return fmt::format("{:08x}", Crc32(text.data(), text.size()));
}

void StageOutput::Report(const Json& report, const std::vector<FailedItem>& failed) const {
  Json full{{"tool", run_.tool}, {"version", Version()}, {"seconds", clock_.Seconds()}};
  full["inputs"] = Json::array();
  for (const StageInput& input : run_.inputs) {
    full["inputs"].push_back({{"path", input.path}, {"identity", input.identity}});
  }
  if (!report.is_null()) {
    full.update(report);
  }
  MakeFolders(OwnFolder());
  WriteFileAtomically(OwnFolder() / kFailedFile, FormatFailedItems(failed));
  WriteFileAtomically(OwnFolder() / kReportFile, FormatJson(full) + "\n");
}

bool StageOutput::Finish(const Json& report, const std::vector<FailedItem>& failed,
                         const Tolerance& tolerance) const {
  RequireOurs();
  Report(report, failed);
  if (run_.slice.tasks > 1) {
    WriteFileAtomically(OwnFolder() / kDone,
                        FormatTaskDone({WorkId(), tolerance.num_items, tolerance.num_failed}));
    return JoinTasks(tolerance.max_failed_fraction);
  }
  return Judge(tolerance);
}

bool StageOutput::Judge(const Tolerance& tolerance) const {
  if (OverTolerance(tolerance)) {
    LogError(
        fmt::format("{} of {} failed, more than --max-failed-fraction {:g}: see {}; raise it to "
                    "go on without them",
                    tolerance.num_failed, tolerance.num_items, tolerance.max_failed_fraction,
                    (run_.folder / kFailedFile).string()));
    return false;
  }
  WriteFileAtomically(run_.folder / kDone, "");
  return true;
}

std::vector<int> StageOutput::UnfinishedTasks() const {
  const std::string work_id = WorkId();
  std::vector<int> unfinished;
  // Tasks start in order: of those that are not done one of the last is found at once. To list them
  // all, each of N tasks would look at N files.
  const size_t most = run_.slice.tasks <= kTasksToList ? kTasksToList : 1;
  for (int task = run_.slice.tasks - 1; task >= 0 && unfinished.size() < most; --task) {
    if (ReadTaskDone(TaskFolder(task) / kDone).work_id != work_id) {
      unfinished.insert(unfinished.begin(), task);
    }
  }
  return unfinished;
}

// Whoever finishes last joins: the others find a task that has not finished, and leave.
bool StageOutput::JoinTasks(double max_failed_fraction) const {
  if (const std::vector<int> unfinished = UnfinishedTasks(); !unfinished.empty()) {
    LogInfo(fmt::format("task {} of {} is done; not yet: {}", run_.slice.task, run_.slice.tasks,
                        run_.slice.tasks <= kTasksToList
                            ? "--array=" + FormatArrayList(unfinished)
                            : fmt::format("{}, and maybe others (inspect-file {} lists them)",
                                          unfinished.front(), run_.folder.string())));
    return true;
  }
  Json report;
  std::vector<FailedItem> failed;
  Tolerance sum{0, 0, max_failed_fraction};
  std::vector<int> with_failures;
  for (int task = 0; task < run_.slice.tasks; ++task) {
    const fs::path folder = TaskFolder(task);
    const TaskDone done = ReadTaskDone(folder / kDone);
    sum.num_items += done.num_items;
    sum.num_failed += done.num_failed;
    if (done.num_failed > 0) {
      with_failures.push_back(task);
    }
    const std::string failures = ReadFile(folder / kFailedFile);
    const std::vector<FailedItem> items =
        ParseFailedItems(failures, (folder / kFailedFile).string());
    failed.insert(failed.end(), items.begin(), items.end());
    const Json next = ReadJsonObject(folder / kReportFile);
    report = task == 0 ? next : Joined(report, next);
  }
  if (!with_failures.empty()) {
    LogWarn(fmt::format("{} of {} failed; once they are mended, their tasks are --array={}",
                        sum.num_failed, sum.num_items, FormatArrayList(with_failures)));
  }
  std::sort(failed.begin(), failed.end(),
            [](const FailedItem& a, const FailedItem& b) { return a.id < b.id; });
  WriteFileAtomically(run_.folder / kFailedFile, FormatFailedItems(failed));
  WriteFileAtomically(run_.folder / kReportFile, FormatJson(report) + "\n");
  return Judge(sum);
}

}  // namespace reel3d
