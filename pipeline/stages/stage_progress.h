// Says how far one stage of a run is, and whether what it has made is still the newest.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace reel3d {

enum class StageState {
  kNotBegun,
  kQueued,  // a job of slurm/ is to begin it
  kAtWork,
  kQuiet,    // it has begun, and nothing has changed for a while
  kStopped,  // it has ended early; the same command continues it
  kFailed,
  kDone,
  kOutdated,  // it is done, but a stage before it has begun or ended again since then
};

// Returns words such as "at work".
const char* NameOf(StageState state);

struct StageProgress {
  std::string name;  // as in Makefile.workflow: "prep"
  StageState state = StageState::kNotBegun;
  int64_t done = 0, total = 0;  // items; total is 0 if it is not known
  bool total_is_estimate = false;
  std::string unit;               // of one item, "video"
  int tasks_done = 0, tasks = 0;  // of an array job, or ranks; 0 tasks: there is only one
  int64_t num_failed = 0;         // items
  double items_per_s = 0;         // 0: not known
  std::optional<double> left_s;
  std::optional<double> took_s;  // the work of a stage that is done and had one task
  double changed_s = 0;          // the last sign of life, seconds since 1970; 0: none
  double made_s = 0;             // when it was done or, if it is not, when it has begun, so
  std::string note;              // a result, or why it has ended; may be empty
};

// Returns whether the stage has written all that it makes, be it outdated or not.
bool IsComplete(const StageProgress& stage);

// Marks each stage that is done as outdated if a stage before it was made after it, and notes
// which. make would make such a stage again. `stages` are in the order of the pipeline.
void MarkOutdated(std::vector<StageProgress>* stages);

}  // namespace reel3d
