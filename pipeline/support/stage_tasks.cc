// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/stage_tasks.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <sstream>
#include <string_view>

#include "lib/base/file.h"
#include "pipeline/support/stage_files.h"
#include "pipeline/support/task_slice.h"

namespace reel3d {
namespace fs = std::filesystem;

using Json = nlohmann::ordered_json;

fs::path FolderOfTask(const fs::path& folder, int task, int tasks) {
  return folder / "tasks" / fmt::format("{:04}-of-{:04}", task, tasks);
}

std::string FormatTaskDone(const TaskDone& done) {
  return fmt::format("{} {} {}\n", done.work_id, done.num_items, done.num_failed);
}

TaskDone ReadTaskDone(const fs::path& file) {
  TaskDone done;
  if (fs::exists(file)) {
    std::istringstream text(ReadFile(file, 4096));
    if (!(text >> done.work_id >> done.num_items >> done.num_failed)) {
      done = {};
    }
  }
  return done;
}

int TasksOfLatestRun(const fs::path& folder) {
  int tasks = 0;
  fs::file_time_type latest = fs::file_time_type::min();
  for (const fs::directory_entry& entry : fs::directory_iterator(folder / "tasks")) {
    const std::string name = entry.path().filename().string();
    const size_t of = name.find("-of-");
    std::error_code gone;
    const fs::file_time_type time = fs::last_write_time(entry.path(), gone);
    if (of != std::string::npos && !gone && time >= latest) {
      latest = time;
      tasks = 0;
      std::from_chars(name.data() + of + 4, name.data() + name.size(), tasks);
      tasks = std::clamp(tasks, 0, kMostTasks);
    }
  }
  return tasks;
}

std::vector<int> TasksNotDone(const fs::path& folder) {
  if (fs::exists(folder / kDoneFile) || !fs::is_directory(folder / "tasks")) {
    return {};
  }
  const int tasks = TasksOfLatestRun(folder);
  std::vector<int> unfinished;
  for (int task = 0; task < tasks; ++task) {
    if (!fs::exists(FolderOfTask(folder, task, tasks) / kDoneFile)) {
      unfinished.push_back(task);
    }
  }
  return unfinished;
}

namespace {

// Returns true for "seconds", "pack_seconds" and the like.
bool IsTime(const std::string& key) {
  constexpr std::string_view kEnding = "seconds";
  return key.size() >= kEnding.size() &&
         key.compare(key.size() - kEnding.size(), kEnding.size(), kEnding) == 0;
}

}  // namespace

Json Joined(Json sum, const Json& next) {
  for (const auto& [key, value] : next.items()) {
    Json& slot = sum[key];
    if (value.is_number_integer() && slot.is_number_integer()) {
      slot = slot.get<int64_t>() + value.get<int64_t>();
    } else if (IsTime(key) && slot.is_number()) {
      slot = slot.get<double>() + value.get<double>();
    } else if (key == kBeganAt && slot.is_number() && value.is_number()) {
      slot = std::min(slot.get<double>(), value.get<double>());
    } else if (key == kEndedAt && slot.is_number() && value.is_number()) {
      slot = std::max(slot.get<double>(), value.get<double>());
    } else if (value.is_object() && slot.is_object()) {
      slot.update(value);
    } else {
      slot = value;
    }
  }
  return sum;
}

}  // namespace reel3d
