// The folder that a stage writes: refuses to mix settings, records what ran, says when it is whole.
//
//   config.ini   the effective options, usable as --config
//   settings.ini those of them that decide what is written
//   report.json  tool, version, counts, seconds, inputs
//   failed.tsv   id, stage, reason of what could not be done (present even when empty)
//   DONE         written last; a folder without it is unfinished
//
// A stage cut into tasks (array jobs) keeps report, failures and DONE of each in tasks/<i>-of-<n>/,
// and the task that finds all n DONE writes the folder's own, joined. A task's DONE counts only for
// the settings and inputs that it states. Racing tasks do no harm, nor do racing runs with other
// settings: only those of the settings that stand in the folder publish anything.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/base/timer.h"
#include "pipeline/support/item_loop.h"
#include "pipeline/support/stage_settings.h"
#include "pipeline/support/task_slice.h"

namespace reel3d {

// What a stage reads: named in report.json.
struct StageInput {
  std::string path;
  std::string identity;  // changes when what is there changes, such as a checksum
};

// The checksum of a file: what it holds, wherever it stands.
std::string FileIdentity(const std::filesystem::path& file);

struct StageRun {
  std::filesystem::path folder;
  std::string tool;
  StageSettings settings;  // SettingsOf(options)
  std::vector<StageInput> inputs;
  bool overwrite = false;
  TaskSlice slice = {};
  // With `overwrite`: removes what an earlier run wrote. Called before the new settings stand in
  // the folder, so that after a kill nothing of the old ones is taken for new.
  std::function<void()> clear = {};
  // Returns what DONE holds, once all else is written; empty unless the stage says so.
  std::function<std::string()> done = {};
};

// A stage is whole while at most this share of its items failed: over all tasks, so that the number
// of tasks decides nothing.
struct Tolerance {
  int64_t num_items = 0, num_failed = 0;
  double max_failed_fraction = 0;
};

class StageOutput {
 public:
  // Makes the folder, clears leftovers of killed processes, and compares the output settings with
  // those of an earlier run there: a usage error shows the differences unless `overwrite`.
  // Files in a folder without our settings, and those of another stage, are somebody else's: a
  // usage error, too. DONE goes away at once: from here on the folder is unfinished.
  explicit StageOutput(StageRun run);

  // True with `overwrite`: what lies there must be made anew, not kept.
  bool must_redo() const { return run_.overwrite; }
  const std::filesystem::path& folder() const { return run_.folder; }
  // The folder's settings.ini: those of the run that began it, which may lack options that were
  // added since. What identifies work by its settings takes these, so that it stays valid.
  const std::string& settings() const { return settings_; }

  // Throws a usage error if another run has taken the folder over with other settings since. To be
  // called before anything is published there.
  void RequireOurs() const;

  // Writes failed.tsv and report.json, to which tool, version, seconds and inputs are added.
  void Report(const nlohmann::ordered_json& report, const std::vector<FailedItem>& failed) const;

  // Writes the report and, when every task has finished and the tolerance is kept, DONE. False if
  // too many items failed; a task that is not the last to finish cannot tell yet, and says true.
  bool Finish(const nlohmann::ordered_json& report, const std::vector<FailedItem>& failed,
              const Tolerance& tolerance = {}) const;

 private:
  std::filesystem::path TaskFolder(int task) const;
  std::filesystem::path OwnFolder() const;
  std::string WorkId() const;
  // Rising. With many tasks only one of those that have not finished.
  std::vector<int> UnfinishedTasks() const;
  bool JoinTasks(double max_failed_fraction) const;
  // Writes DONE, or says on the log why not.
  bool Judge(const Tolerance& tolerance) const;

  StageRun run_;
  std::string settings_;
  Stopwatch clock_;
};

}  // namespace reel3d
