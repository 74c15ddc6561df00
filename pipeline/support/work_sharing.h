// The options of a stage whose tasks share its work slice by slice (pipeline/support/shared_stage).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "lib/base/option_binder.h"
#include "pipeline/support/task_slice.h"

namespace reel3d {

struct WorkSharing {
  int slices = 0;  // --share-work; 0: the task does a fixed share, see TaskSlice
  double lease_timeout = 60;
  int slice_attempts = 5;

  // Binds --share-work, --lease-timeout and --slice-attempts.
  void Bind(OptionBinder& binder);
  // Throws a usage error if the work is shared although a fixed share or --overwrite is given.
  // Resolves `slice` if the work is not shared.
  void Resolve(TaskSlice* slice, bool overwrite) const;
  bool is_on() const { return slices > 0; }
  // Returns the number of slices for work of `num_items`: at most one for each item, at least 2.
  int SlicesOf(int64_t num_items) const;
};

}  // namespace reel3d
