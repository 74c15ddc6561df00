// Checks shapes that files state.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace reel3d {

// A file that states more dimensions of a tensor is damaged.
constexpr size_t kMaxDimensions = 16;

// Returns true if the size and the strides of a tensor of this shape, in bytes, fit into 63 bits.
// torch and writers of files assume so. A shape without values, such as (0, 2^62, 2^62), may not
// fit.
inline bool IsAddressable(const std::vector<int64_t>& shape) {
  constexpr int64_t kLargestValueBytes = 8;
  int64_t size_bytes = kLargestValueBytes;
  return std::all_of(shape.begin(), shape.end(), [&](int64_t extent) {
    return !__builtin_mul_overflow(size_bytes, std::max<int64_t>(1, extent), &size_bytes);
  });
}

}  // namespace reel3d
