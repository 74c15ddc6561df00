// Dequantises sixteen blocks at once and transforms them by a scaled inverse DCT.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "lib/frames/row_decoder.h"

namespace reel3d::jpeg {

// Quantisation steps, row by row, times kQuantScale. The scale keeps fractional bits through the
// transform; it is small because products must fit 16 bits.
using QuantSteps = std::array<int16_t, 64>;
constexpr int kQuantScale = 8;

// Turns each block's size x size lowest frequencies into size x size pixels (size 1 .. 8), by the
// true `size`-point transform. The blocks of lanes 0-7 are stored side by side from `upper` on,
// those of lanes 8-15 from `lower` on; rows are `stride` bytes apart. A row may run over by up to 8
// bytes to the right. Every set of vector instructions gives the same bytes.
void InverseTransform(int size, const BlockGroup& group, const QuantSteps& steps, uint8_t* upper,
                      uint8_t* lower, ptrdiff_t stride);

// Clears the coefficients that InverseTransform(size, ...) reads.
void ClearGroup(int size, BlockGroup* group);

}  // namespace reel3d::jpeg
