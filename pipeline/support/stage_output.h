// Manages the folder that a stage writes: refuses to mix settings, records the run, and marks the
// folder when it is complete.
//
//   config.ini   the effective options, usable as --config
//   settings.ini the options that can change the output, below a line with their number
//   report.json  tool, version, counts, seconds, inputs
//   failed.tsv   id, stage, reason of each failed item (present even when empty)
//   DONE         written last; a folder without it is unfinished
//
// A stage cut into tasks (array jobs) keeps report, failures and DONE of each task in
// tasks/<i>-of-<n>/. The task that finds all n DONE writes the joined files of the folder. A task's
// DONE counts only for the settings and inputs that it states. Tasks that finish at the same time
// do no harm. If runs with different settings race for one folder, only a run whose settings are in
// settings.ini publishes anything.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/held_folder.h"
#include "lib/base/timer.h"
#include "lib/base/wall_clock.h"
#include "lib/base/work_lock.h"
#include "pipeline/support/item_loop.h"
#include "pipeline/support/stage_settings.h"
#include "pipeline/support/task_slice.h"

namespace reel3d {

// An input of a stage, which report.json names.
struct StageInput {
  std::string path;
  std::string identity;  // changes when the content changes, such as a checksum
};

// Returns the checksum of a file's content, which does not depend on its place.
std::string FileIdentity(const std::filesystem::path& file);

struct StageRun {
  std::filesystem::path folder;
  std::string tool;
  StageSettings settings;  // SettingsOf(options)
  std::vector<StageInput> inputs;
  bool overwrite = false;
  TaskSlice slice = {};
  // Removes the files of an earlier run, with `overwrite`. It is called before the new settings are
  // written, so that after a kill no old file is taken for a new one.
  std::function<void()> clear = {};
  // Returns the content of DONE, after everything else is written. Without it DONE is empty.
  std::function<std::string()> done = {};
  // True: tasks share the work (pipeline/support/shared_stage.h). The constructor then removes no
  // DONE, and OfSlice() gives the output of each slice.
  bool is_shared = false;
  // True: one process at a time may work in the folder (lib/base/work_lock.h).
  bool is_alone = false;
  // Completes the report and the failures of the whole stage before they are written, and may write
  // further files. It is called when all tasks have finished, before DONE is written; several tasks
  // may call it at the same time.
  std::function<void(nlohmann::ordered_json* report, std::vector<FailedItem>* failed)> join = {};
};

// A stage is complete if at most this share of its items failed, counted over all tasks. So the
// number of tasks does not matter.
struct Tolerance {
  int64_t num_items = 0, num_failed = 0;
  double max_failed_fraction = 0;
  bool IsOver() const {
    return static_cast<double>(num_failed) > max_failed_fraction * static_cast<double>(num_items);
  }
};

class StageOutput {
 public:
  // Makes the folder, clears leftovers of killed processes, and removes DONE unless the run is
  // shared: from here on the folder is unfinished. Throws a usage error that shows the differences
  // if the output settings are not those of an earlier run there, unless `overwrite`. Throws as
  // RequireOwnFolder() does before anything is written. A run that is alone waits for another
  // process in the folder, throws as WorkLock does, and warns if it replaces what was made from
  // other inputs.
  explicit StageOutput(StageRun run);

  // Returns the output of one slice in the same folder. It is cheap.
  StageOutput OfSlice(const TaskSlice& slice) const;

  // Returns true with `overwrite`: existing files must be made again, not kept.
  bool must_redo() const { return run_.overwrite; }
  const std::filesystem::path& folder() const { return run_.folder; }
  // Returns the settings in the folder's settings.ini, which the first run in the folder wrote, or
  // the last one with --overwrite. They may lack options that were added to reel3d later. Identify
  // work by these settings, so that earlier work stays valid.
  const std::string& settings() const { return settings_; }

  // Throws a usage error if another run has meanwhile replaced the settings of the folder, and an
  // environment error if the folder or its settings are gone. Call it before publishing a file
  // there.
  void RequireOurs() const;

  // Writes failed.tsv and report.json, to which tool, version, seconds, the moments of beginning
  // and end, and inputs are added. Throws as RequireOurs() does.
  void Report(const nlohmann::ordered_json& report, const std::vector<FailedItem>& failed) const;

  // Writes the report. Also writes DONE if every task has finished and no more items failed than
  // `tolerance` allows. Returns false if too many items failed. Only the last task to finish knows
  // that; the others return true.
  bool Finish(const nlohmann::ordered_json& report, const std::vector<FailedItem>& failed,
              const Tolerance& tolerance = {}) const;

  // These are the steps of Finish() for a task. The first writes the task's report and DONE.
  void FinishTask(const nlohmann::ordered_json& report, const std::vector<FailedItem>& failed,
                  const Tolerance& tolerance) const;
  // Returns whether the task `task` has finished this work.
  bool IsTaskDone(int task) const;
  // Returns whether the task `task` was finished with other inputs or settings.
  bool IsTaskOfOthers(int task) const;
  // Returns whether the stage is complete, and its report names the inputs of this run.
  bool IsDone() const;
  // Returns the sums of all tasks, which must have finished.
  Tolerance SumOfTasks(double max_failed_fraction) const;
  // Joins the reports of all tasks, which must have finished. Returns as Finish() does.
  bool JoinReports(double max_failed_fraction) const;

 private:
  std::filesystem::path TaskFolder(int task) const;
  std::filesystem::path OwnFolder() const;
  // Returns the settings in the folder's settings.ini.
  std::string ReadSettings() const;
  // Returns the inputs that report.json names; nothing if it cannot be read.
  std::optional<std::vector<StageInput>> ReportedInputs() const;
  void WarnOfOtherInputs() const;
  std::string WorkId() const;
  // Returns unfinished tasks, in rising order; only one of them if there are many tasks.
  std::vector<int> UnfinishedTasks() const;
  bool JoinTasks(double max_failed_fraction) const;
  void WarnOfFailures(const Tolerance& sum) const;
  // Writes DONE, or logs why not.
  bool Judge(const Tolerance& tolerance) const;

  StageRun run_;
  std::shared_ptr<const HeldFolder> held_;
  std::shared_ptr<const WorkLock> lock_;  // of a run that is alone
  std::string settings_;
  Stopwatch clock_;
  double began_s_ = SecondsSince1970();
};

}  // namespace reel3d
