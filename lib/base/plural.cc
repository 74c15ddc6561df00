// SPDX-License-Identifier: Apache-2.0
#include "lib/base/plural.h"

namespace reel3d {

std::string Count(int64_t number, const std::string& one, const std::string& several) {
  const std::string plural = several.empty() ? one + "s" : several;
  return std::to_string(number) + " " + (number == 1 ? one : plural);
}

}  // namespace reel3d
