// SPDX-License-Identifier: Apache-2.0
#include "lib/plan/known.h"

#include <algorithm>

namespace reel3d::plan {

Origin WeakestOf(std::initializer_list<Known> numbers) {
  Origin weakest = Origin::kMeasured;
  for (const Known& number : numbers) {
    weakest = std::max(weakest, number.origin);
  }
  return weakest;
}

}  // namespace reel3d::plan
