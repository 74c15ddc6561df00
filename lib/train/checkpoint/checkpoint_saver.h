// Writes checkpoints in a thread beside the training, one at a time, and decides when one is due.
// A full disk must not cost the training so far: the run continues and saves again when it can, at
// the latest at its end.
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

// The checkpoints that lie within an epoch.
struct SaveRules {
  int64_t every_steps = 0;  // 0: none
  double every_s = 0;       // seconds from one save to the next; 0: none
};

enum class SaveOutcome { kNone, kSaved, kRefused };

class CheckpointSaver {
 public:
  // `clock_s` returns seconds that only grow.
  explicit CheckpointSaver(SaveRules rules, std::function<double()> clock_s = Clock());

  // Returns true if a checkpoint is due after `step` steps. After a refused save that is within a
  // minute. Clocks of ranks need not agree: ask the main rank's saver.
  bool IsDue(int64_t step) const;

  // Begins a save at `step`; the one before must have ended. `write` runs in a thread of its own;
  // ranks that write nothing pass an empty function.
  void Begin(int64_t step, std::function<void()> write = {});
  bool is_saving() const { return is_saving_; }
  int64_t step() const { return step_; }

  // Take the outcome of this rank's writing: at once (kNone while it still writes, and on ranks
  // that write nothing), or after waiting for it. An environment error of `write` is kRefused, with
  // a warning, and any other error is thrown. With `is_last` nothing will be written later, so an
  // environment error is thrown, too.
  SaveOutcome Poll();
  SaveOutcome Await(bool is_last = false);
  // Returns true if this rank still writes after `grace`.
  bool IsStuck(std::chrono::milliseconds grace) const;

  // Ends the save in flight. Call it on every rank, when all ranks know the outcome.
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
