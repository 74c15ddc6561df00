// Reads the measurements that the stages of a run left: report.json, times.jsonl, starts.jsonl and
// the sizes of files. Values are only summed up here; measured_rates.h makes rates of them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "lib/ledger/goodput.h"

namespace reel3d {

// When a stage was at work. Any number of tasks may have done it, on any hosts.
struct StageTimes {
  // The sum over tasks. Absent if the stage has not run, or if its last run kept work of an earlier
  // run: then the time covers only a part of the work.
  std::optional<double> seconds;
  // From the start of the first task to the end of the last one.
  std::optional<double> wall_s;
  double began_s = 0, ended_s = 0;  // seconds since 1970; 0: not recorded
  double tasks = 1;                 // slices, if tasks shared the work
  bool is_shared = false;           // unknown numbers of processes did the slices
};

struct PrepMeasured {
  StageTimes times;
  std::optional<double> threads;  // of each task; absent if not recorded
  double frames = 0, bytes = 0;   // frames: 0 if some are not known
  double height = 0, quality = 0;
};

struct PackMeasured {
  StageTimes times;
  double frames = 0, bytes = 0, shards = 0;
  // True if pack-videos prepared and packed one group after the other. The times are sums over
  // tasks.
  bool in_groups = false;
  std::optional<double> prepare_s, packing_s;  // absent if groups were kept
  double threads = 0;                          // of each task; 0: not recorded
};

struct TrainMeasured {
  std::optional<double> seconds;  // of all starts; absent if that is not known
  double ranks = 1, steps = 0, clips = 0;
  double steps_s = 0;                   // of the epochs' steps, on rank 0
  double compute_s = 0, waiting_s = 0;  // sums over ranks; waiting for other ranks
  double load_s = 0;                    // of all loader threads
  double windows = 0;                   // of all validations
  double saves = 0;                     // checkpoints, about
  double parameters = 0;
  std::optional<Goodput> goodput;  // absent if not every step is in it
};

struct ScoreMeasured {
  StageTimes times;
  double clips = 0;
};

struct RunMeasured {
  PrepMeasured prep;
  PackMeasured pack;
  TrainMeasured train;
  ScoreMeasured score;
  std::vector<std::string> notes;  // sentences on what is not known
};

// Reads the stages that `folder` holds. Throws an input error if the folder is absent or holds no
// stage, or if a file is damaged.
RunMeasured ReadRunMeasurements(const std::filesystem::path& folder);

}  // namespace reel3d
