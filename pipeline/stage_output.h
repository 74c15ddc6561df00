// The folder that a stage writes: refuses to mix settings, records what ran, says when it is whole.
//
//   config.ini   the effective options, usable as --config
//   settings.ini those of them that decide what is written
//   report.json  tool, version, counts, seconds, inputs
//   failed.tsv   id, stage, reason of what could not be done (present even when empty)
//   DONE         written last; a folder without it is unfinished
//
// A stage cut into tasks (array jobs) keeps report, failures and DONE of each in tasks/<i>-of-<n>/,
// and the task that finds all n DONE writes the folder's own, joined. Racing tasks do no harm.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/base/option_binder.h"
#include "lib/base/timer.h"
#include "pipeline/item_loop.h"

namespace reel3d {

// Which slice of the items is ours.
struct TaskSlice {
  int task = 0;  // 0 .. tasks-1
  int tasks = 1;

  // --task and --tasks. Defaults of -1 mean: from SLURM_ARRAY_TASK_ID and SLURM_ARRAY_TASK_MIN /
  // _COUNT where they are set, else 0 of 1.
  void Bind(OptionBinder& binder);
  // Call from the options' Check(): settles the defaults, throws a usage error on task >= tasks.
  void Resolve();
  bool Mine(size_t item_index) const { return static_cast<int>(item_index % tasks) == task; }

  int task_option = -1;  // what the user said
  int tasks_option = -1;
};

class StageOutput {
 public:
  // Makes `folder`, clears leftovers of killed processes, and compares `output_settings`
  // (FormatConfig(options, true)) with those of an earlier run there: a usage error shows the first
  // difference unless `overwrite`. DONE goes away at once: from here on the folder is unfinished.
  StageOutput(std::filesystem::path folder, std::string tool, const std::string& config,
              const std::string& output_settings, bool overwrite, TaskSlice slice = {});

  // True with `overwrite`: what lies there must be made anew, not kept.
  bool must_redo() const { return must_redo_; }
  const std::filesystem::path& folder() const { return folder_; }

  // Writes failed.tsv, report.json and, when every task has finished and `whole`, DONE. `report`
  // gets tool, version and seconds added. With `whole` false (too many failures) DONE stays away.
  void Finish(const nlohmann::ordered_json& report, const std::vector<FailedItem>& failed,
              bool whole);

 private:
  void JoinTasks() const;

  std::filesystem::path folder_;
  std::string tool_;
  std::string settings_;
  TaskSlice slice_;
  bool must_redo_;
  Stopwatch clock_;
};

}  // namespace reel3d
