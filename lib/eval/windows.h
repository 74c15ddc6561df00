// Chooses windows of a video: the windows that count, and subsets that show how many windows are
// needed and where. Pure arithmetic on the order of a video's windows.
//
// A tail is a window that runs past the end of the video and is filled up by repeating frames, so
// it has fewer different frames than the others. Hara et al.'s code of 2018 and 2020 keeps the
// tail, their code of 2017 drops it. docs/explanation/evaluation.md compares the two.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "lib/eval/score_file.h"

namespace reel3d {

enum class Windows {
  kKept,    // windows with at least `min_distinct` different frames, else all
  kAll,     // all windows, with the tail
  kNoTail,  // windows with as many different frames as the video's fullest window
  // The following choose among kKept.
  kSpread,  // `count` of them, spread evenly; all if there are fewer
  kFirst,   // one window
  kMiddle,
  kLast,
};

struct WindowChoice {
  Windows windows = Windows::kKept;
  int count = 0;  // for kSpread
};

// Returns the places of the chosen windows among those of a video, rising. `num_distinct` has the
// number of different frames of each window. If there are windows, at least one is chosen, so that
// short videos get an answer.
std::vector<size_t> ChooseWindows(const std::vector<int>& num_distinct, int min_distinct,
                                  WindowChoice choice);

// Returns the places in `rows` at which the windows of a video begin, and rows.size() at the end.
// `rows` are the video's rows of scores.clips. Crops of one window follow each other, with rising
// numbers.
std::vector<size_t> WindowBegins(const Scores& scores, const std::vector<size_t>& rows);

}  // namespace reel3d
