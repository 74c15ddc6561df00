// Holds the position of a training run, which a checkpoint's state.json stores beside network and
// optimizer.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

namespace reel3d {

struct Position {
  int64_t step = 0;           // steps done
  int epoch = 0;              // epochs done
  int64_t step_in_epoch = 0;  // steps done in the current epoch
  double best_top1 = -1;      // of validation clips; -1: not validated yet
  double best_loss = std::numeric_limits<double>::max();
  int64_t best_step = -1;  // step of the checkpoint `best`; the newest step before any validation
  int64_t num_bad = 0;     // number of steps done that were bad and skipped (--on-bad-step)
  int64_t bad_in_row = 0;  // number of bad steps in a row up to now
  nlohmann::ordered_json last_epoch;  // line of metrics.jsonl; null before the first

  // Returns the step of the checkpoint to which --on-bad-step roll-back returns from here: that of
  // the last multiple of `checkpoint_epochs`. Every run with these settings saves at this step (but
  // not at step 0), wherever it was interrupted.
  int64_t RollBackStep(int checkpoint_epochs, int64_t steps_in_epoch) const;

  nlohmann::ordered_json State() const;
  // Reads the position from `state`, the content of the file `source`. An epoch has
  // `steps_in_epoch` steps. Throws an input error on impossible values.
  void Restore(const nlohmann::ordered_json& state, int64_t steps_in_epoch,
               const std::string& source);
};

}  // namespace reel3d
