// Shows the frames of a clip in other orders, to find out what a network looks at. A network that
// answers as well when frames are shuffled, reversed or replaced by one of them does not use their
// order, the direction of time, or motion. Pure arithmetic.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lib/base/choices.h"
#include "lib/base/rng.h"

namespace reel3d {

enum class FrameOrder { kAsIs, kShuffled, kReversed, kOneFrame };
inline std::vector<NamedChoice<FrameOrder>> ChoicesOf(FrameOrder /*type*/) {
  return {{FrameOrder::kAsIs, "as-is", "as they are"},
          {FrameOrder::kShuffled, "shuffled", "in random order"},
          {FrameOrder::kReversed, "reversed", "from the last to the first"},
          {FrameOrder::kOneFrame, "one-frame", "only the middle frame, repeated"}};
}

// Says whether scoring shows each clip in other orders as well.
enum class Probe { kNone, kOrder };
inline std::vector<NamedChoice<Probe>> ChoicesOf(Probe /*type*/) {
  return {{Probe::kNone, "none", ""},
          {Probe::kOrder, "order",
           "also with frames shuffled, reversed, and one frame repeated; each into a folder of its "
           "own in OUT_DIR/probe, from one decoding of the frames"}};
}

// Returns the orders in which clips are scored, kAsIs first.
std::vector<FrameOrder> OrdersOf(Probe probe);

// Returns the sub-folder of the scores of an order that a probe adds, such as "probe/shuffled"; ""
// for kAsIs, whose scores are in the folder itself.
std::string FolderOf(FrameOrder order);

// Returns for each place of a clip of `length` frames the frame shown there, as a number from 0
// within the clip. The clip has `num_distinct` different frames, the first ones, and repeats them.
// kShuffled shows each frame as often as the clip does. kOneFrame shows frame num_distinct / 2.
// Only kShuffled uses `rng`.
std::vector<int> ShownFrames(FrameOrder order, int length, int num_distinct, Rng rng);

}  // namespace reel3d
