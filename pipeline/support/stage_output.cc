// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/stage_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/base/versions.h"
#include "lib/base/visible_text.h"
#include "pipeline/support/folder_maker.h"
#include "pipeline/support/stage_files.h"
#include "pipeline/support/stage_settings.h"
#include "pipeline/support/stage_tasks.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

constexpr int kTasksToList = 100;

double ToMilliseconds(double seconds) { return std::round(seconds * 1000) / 1000; }

std::string NameOwnTask(const TaskSlice& slice) {
  const std::string task =
      fmt::format("task {} of {}", slice.task / slice.ranks, slice.tasks / slice.ranks);
  return slice.ranks == 1 ? task : fmt::format("rank {} of {}", slice.task % slice.ranks, task);
}

// Returns the inputs that a report names.
std::vector<StageInput> InputsOf(const Json& report) {
  std::vector<StageInput> inputs;
  for (const Json& input : report.at("inputs")) {
    inputs.push_back(
        {input.at("path").get<std::string>(), input.at("identity").get<std::string>()});
  }
  return inputs;
}

std::string NameInputs(const std::vector<StageInput>& inputs) {
  std::string names;
  for (const StageInput& input : inputs) {
    names += names.empty() ? "" : ", ";
    names +=
        input.identity.empty() ? input.path : fmt::format("{} ({})", input.path, input.identity);
  }
  return names;
}

}  // namespace

std::string FileIdentity(const fs::path& file) {
  constexpr uint64_t kMaxBytes = uint64_t{64} << 30;  // weights may be large
  const std::string bytes = ReadFile(file, kMaxBytes);
  return fmt::format("{:08x}", Crc32(bytes.data(), bytes.size()));
}

StageOutput::StageOutput(StageRun run) : run_(std::move(run)) {
  RequireOwnFolder(run_.folder, run_.tool);
  MakeFolders(run_.folder);
  held_ = std::make_shared<const HeldFolder>(run_.folder);
  if (run_.is_alone) {
    WorkLockOptions lock;
    lock.worker = run_.tool;
    lock_ = std::make_shared<const WorkLock>(run_.folder, lock);
  }
  RemoveStaleTemporaries(run_.folder);
  const fs::path settings = run_.folder / kSettingsFile;
  const std::string own_settings = FormatSettingsFile(run_.settings.output);
  if (!run_.overwrite && !WriteFirstFile(settings, own_settings)) {
    RequireOurs();
  }
  settings_ = run_.overwrite ? run_.settings.output : ReadSettings();
  if (run_.is_alone) {
    WarnOfOtherInputs();
  }
  RemoveStaleTemporaries(OwnFolder());
  if (!run_.is_shared) {
    std::error_code ignored;
    fs::remove(run_.folder / kDoneFile, ignored);
    fs::remove(OwnFolder() / kDoneFile, ignored);
  }
  if (run_.overwrite && run_.clear) {
    run_.clear();
  }
  if (run_.overwrite) {
    WriteFileAtomically(settings, own_settings);
  }
  WriteFileAtomically(run_.folder / kConfigFile, run_.settings.config);
}

StageOutput StageOutput::OfSlice(const TaskSlice& slice) const {
  StageOutput output = *this;
  output.run_.slice = slice;
  output.clock_ = Stopwatch();
  output.began_s_ = SecondsSince1970();
  return output;
}

std::optional<std::vector<StageInput>> StageOutput::ReportedInputs() const {
  const fs::path file = run_.folder / kReportFile;
  std::error_code error;
  if (!fs::exists(file, error)) {
    return std::nullopt;
  }
  std::vector<StageInput> inputs;
  try {
    const Json report = ReadJsonObject(file);
    UseJson(file.string(), [&] { inputs = InputsOf(report); });
  } catch (const Error&) {
    return std::nullopt;  // the report is made again
  }
  return inputs;
}

// Settings do not hold the inputs' content, so the settings of both runs may be equal.
void StageOutput::WarnOfOtherInputs() const {
  const std::optional<std::vector<StageInput>> inputs = ReportedInputs();
  if (!inputs) {
    return;
  }
  const std::string before = NameInputs(*inputs);
  if (const std::string now = NameInputs(run_.inputs); before != now) {
    LogWarn(fmt::format("{}: replacing what {} made from {}, now from {}", run_.folder.string(),
                        run_.tool, Escaped(before), Escaped(now)));
  }
}

std::string StageOutput::ReadSettings() const {
  const fs::path file = run_.folder / kSettingsFile;
  held_->RequireThere();
  std::error_code error;
  if (!fs::exists(file, error) && !error) {
    throw EnvironmentError(
        fmt::format("{} was removed while {} was at work: run the same command again, in a new "
                    "folder if {} holds other files",
                    file.string(), run_.tool, run_.folder.string()));
  }
  return ParseSettingsFile(ReadFile(file), file, run_.settings);
}

void StageOutput::RequireOurs() const {
  const std::string there = ReadSettings();
  const fs::path config = run_.folder / kConfigFile;
  const std::string difference =
      SettingsDifference(there, run_.settings, fs::is_regular_file(config) ? ReadFile(config) : "");
  if (!difference.empty()) {
    throw UsageError(fmt::format(
        "{} was made with other settings ({}): give another folder, or --overwrite to make "
        "it again (under make: OVERWRITE=yes)",
        run_.folder.string(), difference));
  }
}

fs::path StageOutput::TaskFolder(int task) const {
  return FolderOfTask(run_.folder, task, run_.slice.tasks);
}

// Returns the folder for this process's report: its task's folder, or the stage's own if there is
// only one task.
fs::path StageOutput::OwnFolder() const {
  return run_.slice.tasks > 1 ? TaskFolder(run_.slice.task) : run_.folder;
}

// Identifies the settings and inputs of this run. A task whose DONE states another id does not
// count as finished.
std::string StageOutput::WorkId() const {
  std::string text = settings_;
  for (const StageInput& input : run_.inputs) {
    text += input.identity + "\n";
  }
  return fmt::format("{:08x}", Crc32(text.data(), text.size()));
}

void StageOutput::Report(const Json& report, const std::vector<FailedItem>& failed) const {
  RequireOurs();
  Json full{{"tool", run_.tool},
            {"version", Version()},
            {"seconds", clock_.Seconds()},
            {kBeganAt, ToMilliseconds(began_s_)},
            {kEndedAt, ToMilliseconds(SecondsSince1970())}};
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
  if (run_.slice.tasks > 1) {
    FinishTask(report, failed, tolerance);
    return JoinTasks(tolerance.max_failed_fraction);
  }
  Json full = report;
  std::vector<FailedItem> all_failed = failed;
  if (run_.join) {
    RequireOurs();
    run_.join(&full, &all_failed);
  }
  Report(full, all_failed);
  return Judge(tolerance);
}

void StageOutput::FinishTask(const Json& report, const std::vector<FailedItem>& failed,
                             const Tolerance& tolerance) const {
  Report(report, failed);
  RemoveStaleTemporaries(OwnFolder());  // of a task that was killed, and whose work this was
  WriteFileAtomically(OwnFolder() / kDoneFile,
                      FormatTaskDone({WorkId(), tolerance.num_items, tolerance.num_failed}));
}

bool StageOutput::Judge(const Tolerance& tolerance) const {
  if (tolerance.IsOver()) {
    LogError(
        fmt::format("{} of {} failed, more than --max-failed-fraction {:g}: see {}; raise it to "
                    "go on without them",
                    tolerance.num_failed, tolerance.num_items, tolerance.max_failed_fraction,
                    (run_.folder / kFailedFile).string()));
    return false;
  }
  WriteFileAtomically(run_.folder / kDoneFile, run_.done ? run_.done() : "");
  if (!run_.is_shared) {  // what tasks left that shared the work before counts no more
    std::error_code ignored;
    fs::remove_all(run_.folder / kLeasesFolder, ignored);
  }
  return true;
}

std::vector<int> StageOutput::UnfinishedTasks() const {
  const std::string work_id = WorkId();
  std::vector<int> unfinished;
  // The search begins with the last task: tasks start in order, so the last ones finish late. If
  // there are many tasks, the search ends with the first unfinished one. Otherwise each of N tasks
  // would read N files.
  const size_t most = run_.slice.tasks <= kTasksToList ? kTasksToList : 1;
  for (int task = run_.slice.tasks - 1; task >= 0 && unfinished.size() < most; --task) {
    if (ReadTaskDone(TaskFolder(task) / kDoneFile).work_id != work_id) {
      unfinished.insert(unfinished.begin(), task);
    }
  }
  return unfinished;
}

bool StageOutput::IsTaskDone(int task) const {
  return ReadTaskDone(TaskFolder(task) / kDoneFile).work_id == WorkId();
}

bool StageOutput::IsTaskOfOthers(int task) const {
  const std::string work_id = ReadTaskDone(TaskFolder(task) / kDoneFile).work_id;
  return !work_id.empty() && work_id != WorkId();
}

bool StageOutput::IsDone() const {
  if (!fs::exists(run_.folder / kDoneFile)) {
    return false;
  }
  const std::optional<std::vector<StageInput>> reported = ReportedInputs();
  const auto is_same = [](const StageInput& one, const StageInput& other) {
    return one.identity == other.identity;  // the paths may differ
  };
  return reported && std::equal(reported->begin(), reported->end(), run_.inputs.begin(),
                                run_.inputs.end(), is_same);
}

Tolerance StageOutput::SumOfTasks(double max_failed_fraction) const {
  Tolerance sum{0, 0, max_failed_fraction};
  for (int task = 0; task < run_.slice.tasks; ++task) {
    const TaskDone done = ReadTaskDone(TaskFolder(task) / kDoneFile);
    sum.num_items += done.num_items;
    sum.num_failed += done.num_failed;
  }
  return sum;
}

// Joins the reports of all tasks. Only the task that finishes last does so. Every other task finds
// an unfinished task, and returns.
bool StageOutput::JoinTasks(double max_failed_fraction) const {
  if (const std::vector<int> unfinished = UnfinishedTasks(); !unfinished.empty()) {
    const std::string names = NameTasks(run_.slice, unfinished);
    LogInfo(fmt::format("{} is done; not yet: {}", NameOwnTask(run_.slice),
                        run_.slice.tasks <= kTasksToList
                            ? names
                            : fmt::format("{}, and maybe others (inspect-file {} lists them)",
                                          names, run_.folder.string())));
    return true;
  }
  return JoinReports(max_failed_fraction);
}

bool StageOutput::JoinReports(double max_failed_fraction) const {
  Json report;
  std::vector<FailedItem> failed;
  for (int task = 0; task < run_.slice.tasks; ++task) {
    const fs::path folder = TaskFolder(task);
    const std::string failures = ReadFile(folder / kFailedFile);
    const std::vector<FailedItem> items =
        ParseFailedItems(failures, (folder / kFailedFile).string());
    failed.insert(failed.end(), items.begin(), items.end());
    const Json next = ReadJsonObject(folder / kReportFile);
    report = task == 0 ? next : Joined(report, next);
  }
  if (run_.is_shared) {
    report[kSharedSlices] = run_.slice.tasks;
  }
  if (run_.join) {
    RequireOurs();
    run_.join(&report, &failed);
  }
  const Tolerance sum = SumOfTasks(max_failed_fraction);
  WarnOfFailures(sum);
  std::sort(failed.begin(), failed.end(),
            [](const FailedItem& a, const FailedItem& b) { return a.id < b.id; });
  WriteFileAtomically(run_.folder / kFailedFile, FormatFailedItems(failed));
  WriteFileAtomically(run_.folder / kReportFile, FormatJson(report) + "\n");
  return Judge(sum);
}

void StageOutput::WarnOfFailures(const Tolerance& sum) const {
  if (sum.num_failed == 0) {
    return;
  }
  std::string again = "run the same command again";
  if (run_.is_shared && !sum.IsOver()) {
    again = "run the command once without --share-work";
  } else if (!run_.is_shared && run_.slice.ranks != run_.slice.tasks) {
    std::vector<int> with_failures;
    for (int task = 0; task < run_.slice.tasks; ++task) {
      if (ReadTaskDone(TaskFolder(task) / kDoneFile).num_failed > 0) {
        with_failures.push_back(task);
      }
    }
    again = "their tasks are " + NameTasks(run_.slice, with_failures);
  }
  LogWarn(fmt::format("{} of {} failed; once they are mended, {}", sum.num_failed, sum.num_items,
                      again));
}

}  // namespace reel3d
