// Cuts a stage into the tasks of an array job.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace reel3d::plan {

struct ArrayConditions {
  double core_s = 0;          // seconds that one core needs for all work
  double num_items = 1;       // number of items; a task has at least one
  double cores_per_task = 1;  // cores that a task keeps busy
  double task_s = 2700;       // wanted time of a task
  double max_tasks = 1000;    // most tasks of one array
  double tasks_at_once = 1;
};

struct ArraySize {
  double num_tasks = 1;
  double task_s = 0;
  double num_waves = 1;
  double wall_s = 0;    // num_waves x task_s
  bool is_cut = false;  // max_tasks makes the tasks longer than wanted
};

ArraySize SizeArray(const ArrayConditions& array);

}  // namespace reel3d::plan
