// Defines a number with its origin: a plan shows for each figure whether it was measured, given or
// assumed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string>

#include "lib/base/choices.h"

namespace reel3d::plan {

// The most trusted origin comes first.
enum class Origin { kMeasured, kGiven, kAssumed };
inline std::vector<NamedChoice<Origin>> ChoicesOf(Origin /*type*/) {
  return {{Origin::kMeasured, "measured", ""},
          {Origin::kGiven, "given", ""},
          {Origin::kAssumed, "assumed", ""}};
}

struct Known {
  double value = 0;
  Origin origin = Origin::kAssumed;
};

// Returns the least trusted of the origins. A figure that is computed from several numbers has this
// origin.
Origin WeakestOf(std::initializer_list<Known> numbers);

}  // namespace reel3d::plan
