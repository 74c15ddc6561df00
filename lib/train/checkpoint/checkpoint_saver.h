// Writes checkpoints in a thread beside the training, one at a time, and decides when one is due.
// A full disk must not end the training: the run continues and saves again when the disk allows it,
// at the latest at the end of the run.
//
// Every rank has a saver, though only the main rank writes. Each rank learns the outcome from the
// main rank (StepVote) and then calls End(), so that all savers are in the same state.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>

#include "lib/base/timer.h"

namespace reel3d {

// Says when checkpoints within an epoch are due.
struct SaveRules {
  int64_t every_steps = 0;  // save at multiples of this step; 0: none
  double every_s = 0;       // seconds from one save to the next; 0: none
};

enum class SaveOutcome { kNone, kSaved, kRefused };

class CheckpointSaver {
 public:
  // `clock_s` returns seconds that only grow.
  explicit CheckpointSaver(SaveRules rules, std::function<double()> clock_s = Clock());

  // Returns true if a checkpoint is due after `step` steps. After a save that the disk refused, the
  // next one is due a minute later at the latest. Clocks of ranks differ, so ask only the main
  // rank's saver.
  bool IsDue(int64_t step) const;

  // Begins a save at `step`; the previous save must have ended. `write` runs in a thread of its
  // own; ranks that write nothing pass an empty function.
  void Begin(int64_t step, std::function<void()> write = {});
  bool is_saving() const { return is_saving_; }
  int64_t step() const { return step_; }

  // Return the outcome of this rank's writing, once. Poll() returns at once: kNone while `write`
  // still runs. Await() waits for `write`. Ranks that write nothing get kNone. If `write` throws an
  // environment error, the outcome is kRefused, with a warning; other errors are thrown. With
  // `is_last` nothing will be written later, so environment errors are thrown, too.
  SaveOutcome Poll();
  SaveOutcome Await(bool is_last = false);
  // Returns true if this rank still writes after `grace`.
  bool IsStuck(std::chrono::milliseconds grace) const;

  // Ends the current save. Call it on every rank, when all ranks know the outcome.
  void End(bool refused);

 private:
  static std::function<double()> Clock();

  SaveRules rules_;
  std::function<double()> clock_s_;
  double since_s_;  // the clock at the last save that began, or at the last one that was refused
  bool refused_ = false;
  bool is_saving_ = false;
  int64_t step_ = 0;
  std::future<void> writing_;
};

}  // namespace reel3d
