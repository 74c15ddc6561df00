// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/task_slice.h"

#include <fmt/format.h>

#include <cstdlib>
#include <optional>

#include "lib/base/error.h"

namespace reel3d {
namespace {

std::optional<int> FromEnvironment(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr || *text == '\0') {
    return std::nullopt;
  }
  char* end = nullptr;
  const int64_t value = std::strtoll(text, &end, 10);
  if (*end != '\0' || value < 0 || value > kMostTasks) {
    throw UsageError(fmt::format("{}={} is not a task number", name, text));
  }
  return static_cast<int>(value);
}

}  // namespace

void TaskSlice::Bind(OptionBinder& binder) {
  binder.Bind("task", &task_option, {-1, kMostTasks - 1},
              "number of the slice of the work that this process does, from 0. -1: the number of "
              "this Slurm array task in its array, else 0",
              Effect::kOnce);
  binder.Bind("tasks", &tasks_option, {-1, kMostTasks},
              "number of slices into which the work is cut. -1: SLURM_ARRAY_TASK_COUNT if it is "
              "set, else 1",
              Effect::kOnce);
}

void TaskSlice::Resolve() {
  if (task_option >= 0 && tasks_option >= 1) {
    task = task_option;
    tasks = tasks_option;
  } else {
    TakeFromArray();
  }
  if (tasks_option == 0 || task < 0 || task >= tasks) {
    throw UsageError(fmt::format("task {} of {}: tasks are numbered 0 .. tasks-1", task, tasks));
  }
}

void TaskSlice::TakeFromArray() {
  const std::optional<int> array_task = FromEnvironment("SLURM_ARRAY_TASK_ID");
  const int count = FromEnvironment("SLURM_ARRAY_TASK_COUNT").value_or(1);
  const bool is_part = tasks_option >= 1 && tasks_option != count;
  const int first = is_part ? 0 : FromEnvironment("SLURM_ARRAY_TASK_MIN").value_or(0);
  tasks = tasks_option >= 1 ? tasks_option : array_task ? count : 1;
  task = task_option >= 0 ? task_option : array_task ? *array_task - first : 0;
}

void TaskSlice::DivideOverRanks(int rank, int num_ranks) {
  task = task * num_ranks + rank;
  tasks *= num_ranks;
  ranks = num_ranks;
}

std::string NameTasks(const TaskSlice& slice, const std::vector<int>& tasks) {
  if (slice.ranks == slice.tasks) {
    return (tasks.size() == 1 ? "rank " : "ranks ") + FormatArrayList(tasks);
  }
  std::vector<int> of_array;
  for (const int task : tasks) {
    if (of_array.empty() || of_array.back() != task / slice.ranks) {
      of_array.push_back(task / slice.ranks);
    }
  }
  return "ARRAY=" + FormatArrayList(of_array);
}

std::string FormatArrayList(const std::vector<int>& tasks) {
  std::string text;
  for (size_t i = 0; i < tasks.size(); ++i) {
    const size_t first = i;
    while (i + 1 < tasks.size() && tasks[i + 1] == tasks[i] + 1) {
      ++i;
    }
    text += fmt::format("{}{}", text.empty() ? "" : ",", tasks[first]);
    text += i > first ? fmt::format("-{}", tasks[i]) : "";
  }
  return text;
}

}  // namespace reel3d
