// Chooses windows of a video: those that count, and subsets that answer how many windows
// are needed and where. Pure arithmetic on the order of a video's windows.
//
// A tail is a window that runs past the end of the video and is filled up by repeating frames, so
// it has fewer different frames than the others. The 2018 and 2020 code keeps it. The 2017 code
// drops it. docs/explanation/evaluation.md compares the two.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "lib/eval/score_file.h"

namespace reel3d {

enum class Windows {
  kKept,    // those with at least `min_distinct` different frames, else all
  kAll,     // all, the tail as well
  kNoTail,  // those with as many different frames as the video's fullest window
  // The following choose among kKept.
  kSpread,  // `count` of them, spread evenly; all if there are fewer
  kFirst,   // one
  kMiddle,
  kLast,
};

struct WindowChoice {
  Windows windows = Windows::kKept;
  int count = 0;  // for kSpread
};

// Returns the chosen places, rising, of a video whose windows have these numbers of different
// frames. At least one place, if there is a window: no short video vanishes.
std::vector<size_t> ChooseWindows(const std::vector<int>& num_distinct, int min_distinct,
                                  WindowChoice choice);

// Returns where the windows of a video begin among its `rows` of scores.clips, and their number at
// the end. Several crops of one window follow each other, with rising numbers.
std::vector<size_t> WindowBegins(const Scores& scores, const std::vector<size_t>& rows);

// Returns, for each video, its rows of scores.clips in file order.
std::vector<std::vector<size_t>> ClipsOfVideos(const Scores& scores);

}  // namespace reel3d
