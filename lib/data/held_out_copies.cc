// SPDX-License-Identifier: Apache-2.0
#include "lib/data/held_out_copies.h"

#include <fmt/format.h>

#include "lib/data/names.h"

namespace reel3d {

std::vector<Doubt> DoubtOfCopies(const HeldOutCopies& pairs, const std::string& what) {
  if (pairs.empty()) {
    return {};
  }
  constexpr size_t kNames = 4;
  std::vector<std::string> names;
  for (size_t i = 0; i < pairs.size(); ++i) {
    names.push_back(i < kNames ? fmt::format("{} = {}", pairs[i].first, pairs[i].second) : "");
  }
  return {{DoubtKind::kCopies,
           {},
           fmt::format("{} of the videos held out have the {} of training videos, so that what is "
                       "judged was trained on: {}",
                       pairs.size(), what, NameSome(names, kNames))}};
}

}  // namespace reel3d
