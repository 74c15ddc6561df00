// SPDX-License-Identifier: Apache-2.0
#include "lib/model/idle_taps.h"

#include <torch/types.h>

#include <algorithm>
#include <vector>

namespace reel3d {

void DropIdleTaps(const at::Tensor& input, const torch::ExpandingArray<3>& stride,
                  at::Tensor& weight, torch::ExpandingArray<3>& padding) {
  std::vector<int64_t> cut(6, 0);  // of W, H and T, before and behind, as constant_pad_nd wants it
  bool has_idle = false;
  for (size_t axis = 0; axis < 3; ++axis) {
    const int64_t size = input.size(static_cast<int64_t>(axis) + 2);
    const int64_t kernel = weight.size(static_cast<int64_t>(axis) + 2);
    int64_t& zeros = (*padding)[axis];
    const int64_t step = (*stride)[axis];
    const auto outputs = [&](int64_t taps, int64_t front) {
      return (size + 2 * front - taps) / step + 1;
    };
    const int64_t count = outputs(kernel, zeros);
    // The first tap sees the input first at the last output, the last tap at the first output.
    const int64_t first = std::max<int64_t>(0, zeros - (count - 1) * step);
    const int64_t end = std::min(kernel, zeros + size);
    if (end - first == kernel || end <= first || outputs(end - first, zeros - first) != count) {
      continue;
    }
    zeros -= first;
    cut[2 * (2 - axis)] = -first;
    cut[2 * (2 - axis) + 1] = end - kernel;
    has_idle = true;
  }
  if (has_idle) {
    // Its gradient has the order of the weights in memory; that of narrow() would not.
    weight = at::constant_pad_nd(weight, cut);
  }
}

}  // namespace reel3d
