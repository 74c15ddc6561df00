// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace reel3d {

// Returns count / total, or 0 if `total` is 0.
inline double Share(int64_t count, int64_t total) {
  return total == 0 ? 0 : static_cast<double>(count) / static_cast<double>(total);
}

}  // namespace reel3d
