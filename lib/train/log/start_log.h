// Records where the time of this start goes, in starts.jsonl of the run's folder (lib/ledger).
// Nothing here changes what the network learns.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>

#include "lib/ledger/start_record.h"
#include "lib/ledger/starts_file.h"
#include "lib/train/watch/phase_clock.h"

namespace reel3d {

// slurm/train.sbatch sets these to moments in seconds since 1970: when the job could start, and
// when Slurm started it. Open MPI carries variables of this prefix to other nodes.
constexpr const char* kEligibleVariable = "OMPI_REEL3D_ELIGIBLE_S";
constexpr const char* kJobStartVariable = "OMPI_REEL3D_JOB_START_S";

// A thread writes the record once a second, so a killed process loses at most the last second. If a
// disk is full or hangs, training never waits for it; only the constructor and the destructor do,
// so a Watchdog should outlive this object.
class StartLog {
 public:
  // `run_dir` is the run's folder, which this process has locked; `phases` belongs to rank 0 of
  // `num_ranks` ranks on `host` and must outlive this object. The time since the process started
  // counts as starting.
  StartLog(const std::filesystem::path& run_dir, const PhaseClock& phases, std::string host,
           int num_ranks);
  // Writes the record for the last time. The start has failed if nobody has noted its end.
  ~StartLog();
  StartLog(const StartLog&) = delete;
  StartLog& operator=(const StartLog&) = delete;

  // Notes that the run continues from step `step`.
  void NoteFirstStep(int64_t step);
  // Notes that a checkpoint of step `step` has been copied.
  void NoteSave(int64_t step);
  // Notes how the start ends, by a word of StartRecord.
  void NoteEnd(const std::string& end);

 private:
  WorkSeconds Seconds() const;
  StartRecord Now() const;

  const PhaseClock& phases_;
  StartsFile file_;
  double before_s_;  // from the start of the process to the first phase

  mutable std::mutex mutex_;  // guards the members below
  std::condition_variable wake_;
  bool is_ending_ = false;
  StartRecord record_;
  std::thread writing_;
};

}  // namespace reel3d
