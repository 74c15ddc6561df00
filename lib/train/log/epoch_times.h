// Describes in words how all ranks spent the time of an epoch, and what would make it faster.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "lib/train/watch/phase_clock.h"

namespace reel3d {

// The times of one rank during an epoch's steps (without validation and checkpoints).
struct RankTimes {
  std::string host;
  PhaseSeconds phases{};
  double read_s = 0, decode_s = 0;  // of its loader's threads, concurrent with the phases
  double read_bytes = 0;            // of frames
  double copied_bytes = 0;          // of these, bytes from copies on its node (--stage-to)
};

// Convert times to JSON, for other ranks and for times.jsonl, and back.
nlohmann::ordered_json ToJson(const RankTimes& times);
RankTimes RankTimesFrom(const nlohmann::ordered_json& json);

// Returns "forward 30 %, backward 61 %, ...": the mean share of each phase over the ranks, if above
// 0.5 %. With several ranks, it also names the slowest one.
std::string DescribeTimes(const std::vector<RankTimes>& ranks);

// Returns what storage gave to the node that needs most, and what it must give: "a node read 410
// MB/s (83 % from its copies), and would read 1.05 GB/s without waiting for data". The rates are
// means over the steps; what the system had in memory counts as read. Returns "" if nothing was
// read.
std::string DescribeReading(const std::vector<RankTimes>& ranks);

// The cause that limits the speed of an epoch.
enum class Limit { kData, kSlowestRank, kGradients, kComputing };

struct Verdict {
  Limit limit = Limit::kComputing;
  std::string cause;   // "waiting for data 62 % of the time: decode"
  std::string remedy;  // "9 loader threads a rank would hide it"; empty if there is none
  // Returns both, joined by a semicolon.
  std::string Text() const { return remedy.empty() ? cause : cause + "; " + remedy; }
};

// Finds the cause that limits the speed. Each cause counts with the share of time that it takes on
// the rank that waits longest. Each rank has `loader_threads` loader threads and `cores` cores of
// its own. --stage-to is a remedy only if the run does not copy its shards already
// (`copies_shards`).
Verdict Judge(const std::vector<RankTimes>& ranks, int loader_threads, int cores,
              bool copies_shards);

// Decides which verdicts deserve a line of the log: the first one, one whose limit is new and has
// held for five epochs, and the last one. So epochs on the verge of another limit add no line.
class VerdictNews {
 public:
  // Returns true if the verdict of the next epoch deserves a line.
  bool IsNews(Limit limit, bool is_last_epoch);

 private:
  std::optional<Limit> told_, last_;
  int times_in_a_row_ = 0;  // epochs with the limit `last_`
};

}  // namespace reel3d
