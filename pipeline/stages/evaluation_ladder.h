// Explains why two figures of one run differ: a ladder from the strictest reading of its scores to
// the most generous one, with one change a rung.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "lib/eval/evaluation.h"

namespace reel3d {

struct Rung {
  // Describes the difference from the base. The base is the rung before. If `is_other`, the base is
  // all windows and crops with missing videos wrong; for another class order, Evaluation::figures.
  std::string change;
  double top1 = 0;
  // (top-1 + top-5) / 2, as Hara 2017 quotes it. Absent where only top-1 is known: for single clips
  // and other class orders.
  std::optional<double> average;
  double gain = 0;        // `top1` minus top-1 of the base; 0 for the first rung
  bool is_other = false;  // beside the ladder: another averaging rule or class order
};

// Returns these rungs: single clips, one window a video, all windows without the tail, the tail,
// all crops, missing videos ignored, only the listed videos, only videos with a window of
// Evaluation::most_distinct frames. Rungs of one crop name it, or complete frames. The rungs of
// crops, list and full windows are absent if they change nothing or leave no video. Alternatives
// follow: other rules than `averaging`, other class orders.
std::vector<Rung> LadderOf(const Evaluation& evaluation, Averaging averaging);

// Returns ladder.txt. Empty without labels.
std::string FormatLadder(const Evaluation& evaluation, Averaging averaging);

// Returns a list of the rungs: `change top1 average gain beside`, without `average` where it is
// absent. Empty without labels.
nlohmann::ordered_json LadderToJson(const Evaluation& evaluation, Averaging averaging);

}  // namespace reel3d
