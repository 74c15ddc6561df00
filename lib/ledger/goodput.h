// Adds up where the time of a training went over all its starts: how much of the wall clock brought
// progress that was kept, and what took the rest.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "lib/ledger/start_record.h"

namespace reel3d {

// The parts of the wall clock. Their sum differs from it by Goodput::unexplained_s only.
enum class Part {
  kKept,        // computing steps that count
  kData,        // waiting for data, in steps that count
  kRanks,       // waiting for other ranks, in steps that count
  kValidation,  // validation, and --precise-bn
  kSaves,       // copying and awaiting checkpoints, writing logs
  kUnsaved,     // everything since the newest checkpoint, in the newest start
  kLost,        // everything since the checkpoint from which a later start continued
  kStart,       // from the start of the job, or of the process, to the first step
  kQueue,       // from the moment at which a job could start until Slurm started it
  kBetween,     // no start, and no job that could start
};
constexpr size_t kNumParts = static_cast<size_t>(Part::kBetween) + 1;

// Returns the key in JSON, such as "kept", and words for a reader, such as "steps that count".
const char* PartKey(Part part);
const char* PartWords(Part part);

using PartSeconds = std::array<double, kNumParts>;

inline double& In(PartSeconds& seconds, Part part) { return seconds[static_cast<size_t>(part)]; }
inline double In(const PartSeconds& seconds, Part part) {
  return seconds[static_cast<size_t>(part)];
}

// One start, with the time since the end of the start before it.
struct JobTimes {
  std::string job, host, end;  // as in StartRecord
  int ranks = 1;
  double began_s = 0;
  int64_t first_step = 0;  // steps done before this start
  int64_t kept_steps = 0, lost_steps = 0, unsaved_steps = 0;
  PartSeconds parts{};
  double wall_s = 0;
};

struct Goodput {
  std::vector<JobTimes> jobs;  // oldest first
  PartSeconds parts{};         // of all jobs
  // From the first job's start, or from the moment at which it could start, to the last sign of
  // life. If a clock was set back, the wall clock of a start is at least its own parts.
  double wall_s = 0;
  // wall_s without the parts, at least 0. It is more if a clock was set, or if clocks of hosts
  // differ.
  double unexplained_s = 0;
  int64_t first_step = 0;  // steps that are older than the file, and are in no part

  // Returns the share of the wall clock that computed steps which count; 0 without a wall clock.
  double share() const;
};

// Computes the parts of these starts, oldest first. `saved_step` is the step of the newest complete
// checkpoint, from which the run would continue now; none if there is no checkpoint.
//
// A step counts if no later start did it again. Times at a save point are exact. If a later start
// continued from another step, the time up to that step is interpolated between the save points.
Goodput AddUp(const std::vector<StartRecord>& starts, std::optional<int64_t> saved_step);

// Reads starts.jsonl and the newest checkpoint in `folder`, the folder of train-r3d. Returns
// nothing if the file is absent or holds no start. Throws an environment error if the system cannot
// read the file.
std::optional<Goodput> ReadGoodput(const std::filesystem::path& folder);

// Returns the figures as JSON: the sums, and a row for each start.
nlohmann::ordered_json ToJson(const Goodput& goodput);

// Returns one line: "81 % of 3 h 20 min computed steps that count; lost steps 7 %, start 6 %, ...".
// It names parts of at least half a percent. Without a wall clock, it says that it is not known.
std::string Describe(const Goodput& goodput);

}  // namespace reel3d
