// Finds doubts (see doubt.h) about how videos are spread over classes and subsets.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/data/doubt.h"

namespace reel3d {

struct ClassCounts {
  std::string name;
  int64_t training = 0, validation = 0;  // videos
};

// Returns at most one doubt of each kind: kOneClass, kNeverTrained, kNeverJudged. If a subset has
// no video at all, that is not reported for each class. Classes without any video are ignored.
std::vector<Doubt> ClassDoubts(const std::vector<ClassCounts>& classes);

}  // namespace reel3d
