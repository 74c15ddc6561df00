// Where the time of an epoch went, over all ranks, and what would help: in words.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "lib/train/phase_clock.h"

namespace reel3d {

// Of one rank, of an epoch's steps (without validation and checkpoints).
struct RankTimes {
  std::string host;
  PhaseSeconds phases{};
  double read_s = 0, decode_s = 0;  // of its loader's threads, side by side with the phases
};

// To pass it on to other ranks and to times.jsonl, and back.
nlohmann::ordered_json ToJson(const RankTimes& times);
RankTimes RankTimesFrom(const nlohmann::ordered_json& json);

// "forward 30 %, backward 61 %, ...": shares of the ranks' mean, those above 0.5 % alone; with
// several ranks, which one is the slowest.
std::string DescribeTimes(const std::vector<RankTimes>& ranks);

// What limits the speed of an epoch.
enum class Limit { kData, kSlowestRank, kGradients, kComputing };

struct Verdict {
  Limit limit = Limit::kComputing;
  // A sentence for people: "waiting for data 62 % of the time: decode; 9 loader threads a rank
  // would hide it".
  std::string text;
};

// Judges by the rank that has it worst. Each rank has `loader_threads` and `cores` of its own.
Verdict Judge(const std::vector<RankTimes>& ranks, int loader_threads, int cores);

// Decides which verdicts are worth a line of the log: the first one, one whose limit is new and has
// held for two epochs, and the last one. An epoch between two limits does not fill the log.
class VerdictNews {
 public:
  // Takes the verdict of the next epoch.
  bool IsNews(Limit limit, bool is_last_epoch);

 private:
  std::optional<Limit> told_, before_;
};

}  // namespace reel3d
