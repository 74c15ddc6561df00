// What may be wrong with how videos are spread over classes and subsets: nothing that ends a tool,
// but figures that come of it mean less than they seem to.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace reel3d {

struct ClassCounts {
  std::string name;
  int64_t training = 0, validation = 0;  // videos
};

// Returns a sentence for each doubt: there is one class; a class is judged and never trained; a
// class is trained and never judged. Where a subset has no video at all, that is not said of each
// class. Classes without any video count for nothing.
std::vector<std::string> ClassDoubts(const std::vector<ClassCounts>& classes);

}  // namespace reel3d
