// Decides which epoch is the best so far. It keeps its figures in the run's position, since they
// are part of each checkpoint.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "lib/train/checkpoint/position.h"
#include "lib/train/loop/clip_sums.h"

namespace reel3d {

class BestEpoch {
 public:
  // Notes the validation of an epoch that ends at position.step. A higher accuracy wins, and among
  // equals the lower loss; an epoch without validated clips never does. Until one has won, `best`
  // names the newest epoch. Returns true if this epoch is the best so far.
  bool Offer(const ClipMeans& validation, Position& position);

  // Call one of them when the fate of the best epoch's checkpoint is known. If it could not be
  // saved, the earlier best epoch counts again, so that a later one only has to beat that one.
  // Drop() returns false if the checkpoint was not that of a new best epoch.
  void Keep() { before_.reset(); }
  bool Drop(Position& position);

 private:
  std::optional<Position> before_;  // set while the checkpoint of the best epoch is being written
};

}  // namespace reel3d
