// Draws inputs and weights for tests of convolutions.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace reel3d::test {

// Returns normal float64 values with the channels last in memory. They depend on `sizes` alone.
inline at::Tensor Draw(const std::vector<int64_t>& sizes) {
  return at::randn(sizes, at::detail::createCPUGenerator(5), at::kDouble)
      .contiguous(at::MemoryFormat::ChannelsLast3d);
}

}  // namespace reel3d::test
