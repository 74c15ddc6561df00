// Where the time of an epoch went, over all ranks, and what would help: in words.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
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

// What limits the speed, by the rank that has it worst: "waiting for data 62 % of the time: decode;
// 9 loader threads a rank would hide it". `loader_threads` of each rank, on `cores` of its own.
std::string Verdict(const std::vector<RankTimes>& ranks, int loader_threads, int cores);

}  // namespace reel3d
