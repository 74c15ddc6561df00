// Chooses the frames that form a clip. Frame numbers count from 0 within one video. Pure
// arithmetic. Striding comes first: every rule below works on the list of every stride-th frame.
// All functions throw an input error for a video without frames, and a usage error for a shape that
// Check() refuses.
// Rules and worked tables: docs/reference/clips.md, tests/data/clip_sampler_test.cc.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "lib/base/choices.h"
#include "lib/base/rng.h"

namespace reel3d {

struct Clip {
  std::vector<int> frames;  // T frame numbers, by time; a short clip repeats from its start
  int num_distinct = 0;     // different frames: frames[t] == frames[t % num_distinct]
};

struct ClipShape {
  int length = 16;  // T, frames of a clip
  int stride = 1;   // every stride-th frame of the video; also in validation and scoring

  void Check() const;  // throws a usage error unless both are at least 1
};

// Returns one clip at a random place. With `inclusive` every start is possible (the paper).
// Otherwise the last legal start is never drawn, as in the 2018 and 2020 code.
Clip RandomClip(int num_frames, const ClipShape& shape, bool inclusive, Rng& rng);

// Returns evenly spread windows, at least one. With `capped` (2020 code, TemporalEvenCrop) there
// are at most `count` windows: the first short window is looped and is the last one, and count 1
// gives the first window. Without `capped` (2018 code) windows start at equal distances up to the
// last frame but one. There may then be more than `count` windows, and several short ones; count 1
// places them side by side.
std::vector<Clip> EvenClips(int num_frames, const ClipShape& shape, int count, bool capped);

// Says what scoring does with the last, shorter window of a video.
enum class TailRule { kLoop, kLoop2018, kDrop2017 };
inline std::vector<NamedChoice<TailRule>> ChoicesOf(TailRule /*type*/) {
  return {
      {TailRule::kLoop, "loop", "loop it and score it (2020 code)"},
      {TailRule::kLoop2018, "loop2018", "like loop, but drop it if it has one frame"},
      {TailRule::kDrop2017, "drop2017", "drop it; if no clip is shorter, drop the last full clip"}};
}

// Returns windows in order of time, which do not overlap if window_stride == length. If the rule
// gives no window (kDrop2017 for at most `length` frames), the first one is returned, looped if
// short, so that no video vanishes. `window_stride` counts frames after striding.
std::vector<Clip> SlidingClips(int num_frames, const ClipShape& shape, int window_stride,
                               TailRule rule);

}  // namespace reel3d
