// Handles the folders tasks/<i>-of-<n>/ of a stage that runs as several tasks: finds the tasks that
// have finished, and joins their reports.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace reel3d {

std::filesystem::path FolderOfTask(const std::filesystem::path& folder, int task, int tasks);

// Holds a task's DONE file. `work_id` identifies the settings and inputs of the task.
struct TaskDone {
  std::string work_id;
  int64_t num_items = 0, num_failed = 0;
};

std::string FormatTaskDone(const TaskDone& done);

// Returns an empty `work_id` if the file is absent or has another form.
TaskDone ReadTaskDone(const std::filesystem::path& file);

// Returns how many tasks the stage was cut into; 0 if no task has begun. If `folder` holds runs
// with different numbers of tasks, the latest run counts. Throws a file system error if there is no
// folder of tasks.
int TasksOfLatestRun(const std::filesystem::path& folder);

// Returns the tasks of an unfinished stage that have no DONE, in rising order; none if the stage
// ran as one task. If `folder` holds runs with different numbers of tasks, the latest run counts.
std::vector<int> TasksNotDone(const std::filesystem::path& folder);

// Returns the joined reports. Counts and seconds of the same name are added, and objects of the
// same name are merged. The work began with the first task and ended with the last one. Everything
// else (rates, names) is taken from `next`.
nlohmann::ordered_json Joined(nlohmann::ordered_json sum, const nlohmann::ordered_json& next);

}  // namespace reel3d
