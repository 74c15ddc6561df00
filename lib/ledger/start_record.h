// Describes one start of a training: when it ran, which steps it did, and where its time went.
// starts.jsonl in the training's folder has one line for each start (docs/reference/formats.md).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

namespace reel3d {

// The main loop of rank 0 spends its time on one of these at every moment.
enum class Work {
  kStart,       // everything before the first step
  kSteps,       // computing: forward, backward, changing weights
  kData,        // waiting for the loader
  kRanks,       // waiting for other ranks
  kValidation,  // validation, and --precise-bn
  kSaves,       // copying checkpoints, waiting for their writing, and writing logs
};
constexpr size_t kNumWorks = static_cast<size_t>(Work::kSaves) + 1;

// Returns the key in starts.jsonl, such as "steps".
const char* WorkName(Work work);

using WorkSeconds = std::array<double, kNumWorks>;

inline double& In(WorkSeconds& seconds, Work work) { return seconds[static_cast<size_t>(work)]; }
inline double In(const WorkSeconds& seconds, Work work) {
  return seconds[static_cast<size_t>(work)];
}
// Returns the sum over all kinds of time.
template <size_t count>
double Total(const std::array<double, count>& seconds) {
  return std::accumulate(seconds.begin(), seconds.end(), 0.0);
}

// The moment at which a checkpoint had been copied.
struct SavePoint {
  int64_t step = 0;
  WorkSeconds seconds{};  // since the start
};

// Moments are seconds since 1970 by the clock of rank 0's host.
struct StartRecord {
  std::string host;              // of rank 0
  std::string job;               // Slurm's number; "" outside of Slurm
  int ranks = 1;                 // number of processes
  double eligible_s = 0;         // the job could start from here on; 0: not known
  double job_start_s = 0;        // Slurm started the job; 0: not known
  double began_s = 0;            // the process started
  double at_s = 0;               // last sign of life
  std::string end;               // one of the words below; "": at work, or killed
  int64_t first_step = -1;       // steps done before this start; -1: it has loaded nothing yet
  int64_t step = -1;             // steps done at the last sign of life
  WorkSeconds seconds{};         // up to the last sign of life
  std::vector<SavePoint> saves;  // the newest, oldest first
};

constexpr const char* kEndComplete = "complete";  // all epochs are done
constexpr const char* kEndStopped = "stopped";    // at a checkpoint, by a request
constexpr const char* kEndFailed = "failed";

constexpr const char* kStartsFile = "starts.jsonl";
// Each line has this size, so that a newer state of a start overwrites the older one completely.
constexpr size_t kStartLineBytes = 2048;
// The newest save may not be on disk yet when a process is killed, nor the one before it.
constexpr size_t kMostSavePoints = 3;

// Returns the record as one line of kStartLineBytes bytes, with its line feed. Texts of host and
// job are cut after 64 bytes. If the clock was set back, at_s is began_s.
std::string FormatStart(const StartRecord& record);
// Returns nothing if the line is not a record, is longer than kStartLineBytes, or has impossible
// values.
std::optional<StartRecord> ParseStart(const std::string& line);

// Returns the starts that the file records, oldest first. Damaged lines are skipped. Returns
// no starts if the file is absent. Throws an environment error if the system cannot read it.
std::vector<StartRecord> ReadStarts(const std::filesystem::path& file);

}  // namespace reel3d
