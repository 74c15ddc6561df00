// Judges the attempts at a slice of shared work that ended without having finished it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lib/lease/lease_state.h"

namespace reel3d {

// Says how an attempt ended, for people.
std::string DescribeEnd(const LeaseState& ended);

// Returns the attempts that ended without having finished an item. Others got further than those
// before them.
std::vector<LeaseState> InVain(const std::vector<LeaseState>& ended);

// Counts the attempts that may have ended by a fault of the slice. Of attempts that were killed
// while they worked on items, only those count that name the same item: kills at different items
// are not the fault of an item. Such kills may be many where work on a slice takes long and is
// lost.
int NumAtFault(const std::vector<LeaseState>& in_vain);

// Describes the attempt that says most about the cause. The first attempt may not have named the
// item, because it wrote its notes only at its beats. `ended` is not empty.
std::string DescribeTelling(const std::vector<LeaseState>& ended);

}  // namespace reel3d
