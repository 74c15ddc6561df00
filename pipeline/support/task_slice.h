// Cuts a stage into tasks, as Slurm's array jobs run it, and says which items belong to this task.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "lib/base/option_binder.h"

namespace reel3d {

// More tasks than this are refused.
constexpr int kMostTasks = 1'000'000;

// A task, out of `tasks`, works on every tasks-th item.
struct TaskSlice {
  int task = 0;  // 0 .. tasks-1
  int tasks = 1;

  // Binds --task and --tasks. The default -1 takes SLURM_ARRAY_TASK_ID and SLURM_ARRAY_TASK_MIN /
  // _COUNT if they are set, else 0 of 1. An array of another size than --tasks is a part of the
  // tasks, numbered from 0.
  void Bind(OptionBinder& binder);
  // Sets the defaults, and throws a usage error on task >= tasks. Call it in the options' Check().
  void Resolve();
  bool Mine(size_t item_index) const { return static_cast<int>(item_index % tasks) == task; }

  int task_option = -1;  // what the user said
  int tasks_option = -1;
};

// Returns rising task numbers in the form of sbatch --array: "1,5-7".
std::string FormatArrayList(const std::vector<int>& tasks);

}  // namespace reel3d
