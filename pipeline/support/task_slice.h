// Cuts the items of a stage into tasks, such as those of a Slurm array job, and decides which items
// belong to this task.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "lib/base/option_binder.h"

namespace reel3d {

// More tasks than this are refused.
constexpr int kMostTasks = 1'000'000;

// Task `task` works on every `tasks`-th item: task, task + tasks, task + 2 * tasks, ...
struct TaskSlice {
  int task = 0;  // 0 .. tasks-1
  int tasks = 1;

  // Binds --task and --tasks. The default -1 takes SLURM_ARRAY_TASK_ID and SLURM_ARRAY_TASK_MIN /
  // _COUNT if they are set, else 0 of 1. If the array has another size than --tasks, it runs only
  // some of the tasks, and SLURM_ARRAY_TASK_ID is the number of the task. If both options are
  // given, the array's variables are not read.
  void Bind(OptionBinder& binder);
  // Sets the defaults, and throws a usage error on task >= tasks. Call it in the options' Check().
  void Resolve();
  // Cuts the task into one for each rank of a launcher: rank r of R does task * R + r of tasks * R.
  void DivideOverRanks(int rank, int num_ranks);
  bool Mine(size_t item_index) const { return static_cast<int>(item_index % tasks) == task; }

  int ranks = 1;         // `tasks` is this times the number of array tasks
  int task_option = -1;  // --task, as the user gave it
  int tasks_option = -1;

 private:
  void TakeFromArray();
};

// Names `tasks` of the slice, which are in rising order, so that a user can run them again:
// "ARRAY=1,5-7" with numbers of array tasks, or "ranks 1-3" if there is only one array task.
std::string NameTasks(const TaskSlice& slice, const std::vector<int>& tasks);

// Returns rising task numbers in the form of make's ARRAY and sbatch's --array: "1,5-7".
std::string FormatArrayList(const std::vector<int>& tasks);

}  // namespace reel3d
