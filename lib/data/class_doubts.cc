// SPDX-License-Identifier: Apache-2.0
#include "lib/data/class_doubts.h"

#include <fmt/format.h>

#include "lib/data/names.h"

namespace reel3d {

std::vector<Doubt> ClassDoubts(const std::vector<ClassCounts>& classes) {
  std::vector<std::string> present;
  std::vector<std::string> untrained;
  std::vector<std::string> unjudged;
  ClassCounts sum;
  for (const ClassCounts& counts : classes) {
    sum.training += counts.training;
    sum.validation += counts.validation;
    if (counts.training + counts.validation == 0) {
      continue;
    }
    present.push_back(counts.name);
    if (counts.training == 0) {
      untrained.push_back(counts.name);
    }
    if (counts.validation == 0) {
      unjudged.push_back(counts.name);
    }
  }
  std::vector<Doubt> doubts;
  if (present.size() == 1) {
    doubts.push_back({DoubtKind::kOneClass, present,
                      fmt::format("all videos are of one class, {}: there is nothing to tell "
                                  "apart, and any answer is right",
                                  present.front())});
  }
  if (sum.training > 0 && !untrained.empty()) {
    doubts.push_back({DoubtKind::kNeverTrained, untrained,
                      fmt::format("every video is held out of {}: judged, but never trained",
                                  NameSome(untrained))});
  }
  if (sum.validation > 0 && !unjudged.empty()) {
    doubts.push_back(
        {DoubtKind::kNeverJudged, unjudged,
         fmt::format("no video is held out of {}: trained, but never judged", NameSome(unjudged))});
  }
  return doubts;
}

}  // namespace reel3d
