// Explains why two figures of one run differ: a ladder from the strictest reading of its scores to
// the most generous one, with one change a rung.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lib/eval/evaluation.h"

namespace reel3d {

struct Rung {
  std::string change;  // against the rung before, or for `is_other` against the one with the tail
  double top1 = 0;
  double gain = 0;        // top-1 against that rung; 0 for the first
  bool is_other = false;  // an alternative beside the ladder: another rule
};

// Returns one window a video, all windows without the tail, the tail, missing videos ignored; then
// every other rule in place of `averaging`.
std::vector<Rung> LadderOf(const Evaluation& evaluation, Averaging averaging);

// Returns ladder.txt. Empty without labels.
std::string FormatLadder(const Evaluation& evaluation, Averaging averaging);

}  // namespace reel3d
