// Reads the measurements that the stages of a run left: report.json, times.jsonl and the sizes of
// files. Values are only summed up here; measured_rates.h makes rates of them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace reel3d {

// `seconds` is absent if the stage has not run, or if its last run kept work of an earlier run:
// then the time covers only a part of the work.
struct PrepMeasured {
  std::optional<double> seconds;  // the sum over tasks
  std::optional<double> threads;  // of each task; absent if not recorded
  double tasks = 1;
  double frames = 0, bytes = 0;
  double height = 0, quality = 0;
};

struct PackMeasured {
  std::optional<double> seconds;
  double frames = 0, bytes = 0, shards = 0;
};

struct TrainMeasured {
  std::optional<double> seconds;
  double ranks = 1, steps = 0, clips = 0;
  double steps_s = 0;                   // of the epochs' steps, on rank 0
  double compute_s = 0, waiting_s = 0;  // sums over ranks; waiting for other ranks
  double load_s = 0;                    // of all loader threads
  double windows = 0;                   // of all validations
  double parameters = 0;
};

struct ScoreMeasured {
  std::optional<double> seconds;  // the sum over tasks
  double clips = 0, tasks = 1;
  bool is_shared = false;  // `tasks` counts slices that unknown numbers of processes shared
};

struct RunMeasured {
  PrepMeasured prep;
  PackMeasured pack;
  TrainMeasured train;
  ScoreMeasured score;
  std::vector<std::string> notes;  // sentences on times that are not known
};

// Reads the stages that `folder` holds. Throws an input error if the folder is absent or holds no
// stage, or if a file is damaged.
RunMeasured ReadRunMeasurements(const std::filesystem::path& folder);

}  // namespace reel3d
