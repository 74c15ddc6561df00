// Looks at a folder that is a run, or holds several runs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/base/wall_clock.h"
#include "pipeline/stages/run_messages.h"
#include "pipeline/stages/run_progress.h"

namespace reel3d {

// Holds what one look has found.
struct RunsSeen {
  std::filesystem::path folder;
  bool is_there = true;              // false: the folder was removed
  bool has_many = false;             // the folder holds runs, and is none
  std::vector<RunProgress> runs;     // many: the ones that have changed last first
  size_t num_left_out = 0;           // runs beyond the ones that are read
  std::vector<RunMessage> messages;  // of a single run
};

// Looks at the same folder again and again. One thread at a time may use it.
class RunsReader {
 public:
  // A folder of a stage (run/demo/train) stands for its run, if it lies in one.
  explicit RunsReader(const std::filesystem::path& folder, Clock clock = SecondsSince1970);

  // Never throws because of what is in the folder, or is missing there.
  RunsSeen Look();

 private:
  RunProgress LookAt(const std::filesystem::path& run);
  void LookAtMany(RunsSeen* seen);

  const std::filesystem::path folder_;
  const Clock clock_;
  std::map<std::string, std::unique_ptr<RunReader>> readers_;  // by folder
};

// Returns what was seen as numbers (docs/howto/watch_a_run.md).
nlohmann::ordered_json ToJson(const RunsSeen& seen);

}  // namespace reel3d
