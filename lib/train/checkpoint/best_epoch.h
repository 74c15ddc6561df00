// Decides which epoch is the best so far. The figures of that epoch are in the run's Position,
// since they are part of each checkpoint.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "lib/train/checkpoint/position.h"
#include "lib/train/loop/clip_sums.h"

namespace reel3d {

class BestEpoch {
 public:
  // Compares the validation of an epoch that ends at position.step with the best one. A higher
  // accuracy is better; if both are equal, a lower loss is. An epoch without validated clips is
  // never the best. Before the first validation, best_step is that of the newest epoch. Returns
  // true if this epoch is the best so far.
  bool Offer(const ClipMeans& validation, Position& position);

  // Call Keep() when a checkpoint has been saved, or Drop() when it could not be saved. After
  // Drop() the earlier best epoch counts again, so that later epochs only have to beat that one.
  // Drop() returns false if the checkpoint was not that of a new best epoch.
  void Keep() { before_.reset(); }
  bool Drop(Position& position);

 private:
  std::optional<Position> before_;  // set while the checkpoint of the best epoch is being written
};

}  // namespace reel3d
