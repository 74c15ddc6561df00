// Explains why two figures of one run differ: a ladder from the strictest reading of its scores to
// the most generous one, with one change a rung.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/eval/evaluation.h"

namespace reel3d {

struct Rung {
  // Against the rung before. For `is_other`: against all windows and crops, with missing videos
  // wrong; for another order of the classes against the figure that the evaluation quotes.
  std::string change;
  double top1 = 0;
  double gain = 0;        // top-1 against that; 0 for the first
  bool is_other = false;  // an alternative beside the ladder: another rule, another order
};

// Returns the clips, one window a video, all windows without the tail, the tail, all crops, missing
// videos ignored, only the listed videos, only the videos that fill a window as well as any does.
// Rungs that have nothing to change, or leave no video, are left out: crops, the list, full
// windows. Then come every other rule in place of `averaging`, and other orders of the classes.
std::vector<Rung> LadderOf(const Evaluation& evaluation, Averaging averaging);

// Returns ladder.txt. Empty without labels.
std::string FormatLadder(const Evaluation& evaluation, Averaging averaging);

// Returns a list of the rungs: `change top1 gain beside`. Empty without labels.
nlohmann::ordered_json LadderToJson(const Evaluation& evaluation, Averaging averaging);

}  // namespace reel3d
