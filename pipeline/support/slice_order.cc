// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/slice_order.h"

#include <random>

namespace reel3d {

bool SliceOrder::JumpOnce() {
  if (has_jumped_) {
    return false;
  }
  has_jumped_ = true;
  std::random_device random;
  first_ = std::uniform_int_distribution<int>(0, num_slices_ - 1)(random);
  return true;
}

}  // namespace reel3d
