// Runs a stage whose tasks share its work: each task takes the next free slice, does it, and
// publishes it as `--task K --tasks N` would. Tasks may start and end at any time, on any host that
// sees the folder. A slice whose task has ended is taken over by another (lib/lease). The result
// does not depend on who did which slice, nor on whether two tasks did the same slice: a task that
// has lost its slice to another publishes nothing over that task's result.
//
//   leases/              exists until the stage is complete
//   leases/slices        the number of slices
//   leases/<k>.lease     a task is at work on slice k
//   leases/<k>.ended-... a task has ended without having finished slice k
//   leases/joined        the sums of the slices' DONE, once their reports are joined
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <vector>

#include "pipeline/support/item_loop.h"
#include "pipeline/support/stage_output.h"
#include "pipeline/support/work_notes.h"
#include "pipeline/support/work_sharing.h"

namespace reel3d {

struct SliceTurn {
  const StageOutput& output;  // of this slice
  TaskSlice slice;
  WorkNotes* notes;
};

struct SliceResult {
  nlohmann::ordered_json report;
  std::vector<FailedItem> failed;
  int64_t num_items = 0;
};

struct SharedStage {
  const StageOutput& output;  // of a StageRun with `is_shared`
  WorkSharing sharing;
  int num_slices = 0;
  double max_failed_fraction = 0;
  std::function<SliceResult(const SliceTurn&)> work;
  // Returns the slices that are done, but have lost files since. They are done again. It is called
  // before the reports are joined, and at the start if the stage is complete.
  std::function<std::vector<int>()> find_lost = {};
};

// Takes slices until all are done, and waits for those of other tasks. Then joins the reports, if
// no other task has done so. Returns false if too many items failed; all tasks return the same.
// Ends the process with kExitStoppedEarly if it is asked to stop (lib/base/stop_signal): its slice
// is free again at once. Throws an environment error that names slice and item if a slice was given
// up, after all other slices are done, and a usage error if the folder is cut into another number
// of slices, or a task with other inputs works there. Throws what `work` throws.
bool RunSharedStage(const SharedStage& stage);

}  // namespace reel3d
