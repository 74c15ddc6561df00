// The folders tasks/<i>-of-<n>/ of a stage that runs as several tasks: what each task has done, and
// their reports joined.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace reel3d {

std::filesystem::path FolderOfTask(const std::filesystem::path& folder, int task, int tasks);

// Holds what the DONE file of a task says: its work, the number of items, and of failed ones.
struct TaskDone {
  std::string work_id;
  int64_t num_items = 0, num_failed = 0;
};

std::string FormatTaskDone(const TaskDone& done);

// Returns no work id if the file is absent or makes no sense.
TaskDone ReadTaskDone(const std::filesystem::path& file);

// Tasks of an unfinished stage's folder without a DONE of their own, rising; none if the stage ran
// as one task. Where runs of several numbers of tasks lie there, the latest counts.
std::vector<int> TasksNotDone(const std::filesystem::path& folder);

// Counts, and seconds, of the same name add up over the tasks, what is listed by name comes
// together; everything else (rates, names) is the last task's.
nlohmann::ordered_json Joined(nlohmann::ordered_json sum, const nlohmann::ordered_json& next);

}  // namespace reel3d
