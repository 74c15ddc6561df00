// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/work_sharing.h"

#include <algorithm>

#include "lib/base/error.h"

namespace reel3d {

void WorkSharing::Bind(OptionBinder& binder) {
  binder.Bind("share-work", &slices, {0, kMostTasks},
              "number of slices into which the work is cut; any number of processes on any hosts, "
              "started with the same number, take slice after slice until all are done. Many more "
              "slices than processes keep all of them busy to the end. 0: no sharing, see --task",
              Effect::kOnce);
  binder.Bind(
      "lease-timeout", &lease_timeout, RealRange{0.1, 86'400},
      "seconds without a sign of life from a process, with --share-work, after which others "
      "take over its slice",
      Effect::kRunOnly);
  binder.Bind("slice-attempts", &slice_attempts, {1, 1000},
              "number of attempts at a slice, with --share-work, that may end without finishing "
              "any item before the slice is given up and the exit status is 4",
              Effect::kRunOnly);
}

void WorkSharing::Resolve(TaskSlice* slice, bool overwrite) const {
  if (!is_on()) {
    slice->Resolve();
    return;
  }
  if (slice->task_option >= 0 || slice->tasks_option >= 0) {
    throw UsageError(
        "--share-work: each process takes any slices, and --task and --tasks give it a fixed one; "
        "leave out one of the two");
  }
  if (overwrite) {
    throw UsageError(
        "--overwrite: with --share-work each process would make the work of the others again; "
        "remove OUT_DIR first, or use --task and --tasks");
  }
}

int WorkSharing::SlicesOf(int64_t num_items) const {
  return static_cast<int>(std::max<int64_t>(2, std::min<int64_t>(slices, num_items)));
}

}  // namespace reel3d
