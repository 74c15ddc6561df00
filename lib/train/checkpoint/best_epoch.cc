// SPDX-License-Identifier: Apache-2.0
#include "lib/train/checkpoint/best_epoch.h"

namespace reel3d {

bool BestEpoch::Offer(const ClipMeans& validation, Position& position) {
  const bool is_best =
      validation.num_clips > 0 &&
      (validation.top1 > position.best_top1 ||
       (validation.top1 == position.best_top1 && validation.loss < position.best_loss));
  if (is_best) {
    before_ = position;
    position.best_top1 = validation.top1;
    position.best_loss = validation.loss;
  }
  if (is_best || position.best_top1 < 0) {
    position.best_step = position.step;
  }
  return is_best;
}

bool BestEpoch::Drop(Position& position) {
  if (!before_) {
    return false;
  }
  position.best_top1 = before_->best_top1;
  position.best_loss = before_->best_loss;
  position.best_step = before_->best_step;
  before_.reset();
  return true;
}

}  // namespace reel3d
