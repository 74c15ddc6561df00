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

// Holds the content of a task's DONE file: its work, the number of items, and of failed ones.
struct TaskDone {
  std::string work_id;
  int64_t num_items = 0, num_failed = 0;
};

std::string FormatTaskDone(const TaskDone& done);

// Returns no work id if the file is absent or makes no sense.
TaskDone ReadTaskDone(const std::filesystem::path& file);

// Returns the tasks of an unfinished stage's folder without a DONE of their own, rising; none if
// the stage ran as one task. If runs with several numbers of tasks lie there, the latest counts.
std::vector<int> TasksNotDone(const std::filesystem::path& folder);

// Returns the joined reports. Counts and seconds of the same name add up, and objects listed by
// name are united. Everything else (rates, names) is taken from `next`.
nlohmann::ordered_json Joined(nlohmann::ordered_json sum, const nlohmann::ordered_json& next);

}  // namespace reel3d
