// Shapes that files state.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace reel3d {

// Whether sizes and strides of such a tensor fit 63 bits in bytes, as torch and writers of files
// take for granted: those of one without values, (0, 2^62, 2^62), need not.
inline bool IsAddressable(const std::vector<int64_t>& shape) {
  constexpr int64_t kLargestValueBytes = 8;
  int64_t size_bytes = kLargestValueBytes;
  return std::all_of(shape.begin(), shape.end(), [&](int64_t extent) {
    return !__builtin_mul_overflow(size_bytes, std::max<int64_t>(1, extent), &size_bytes);
  });
}

}  // namespace reel3d
