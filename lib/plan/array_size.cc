// SPDX-License-Identifier: Apache-2.0
#include "lib/plan/array_size.h"

#include <algorithm>
#include <cmath>

namespace reel3d::plan {

ArraySize SizeArray(const ArrayConditions& array) {
  const double all_tasks_s = array.core_s / array.cores_per_task;
  const double wanted =
      std::min(std::max(1.0, std::ceil(all_tasks_s / array.task_s)), array.num_items);
  ArraySize size;
  size.is_cut = wanted > array.max_tasks;
  size.num_tasks = std::min(wanted, array.max_tasks);
  size.task_s = all_tasks_s / size.num_tasks;
  size.num_waves = std::ceil(size.num_tasks / array.tasks_at_once);
  size.wall_s = size.num_waves * size.task_s;
  return size;
}

}  // namespace reel3d::plan
