// Computes exponentials of many values at once. Softmax, temperatures and losses take most of their
// time for them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace reel3d {

// Replaces each of `count` values x, which are at most 700, by e^x. The relative error is below
// 4e-16; results below 1e-300 may be off by more, or 0. Equal values give equal results, wherever
// they stand. Processors without fused multiply-add may differ from others in the last bit.
void Exponentials(double* values, size_t count);

}  // namespace reel3d
