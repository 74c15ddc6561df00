// Passes over a row of scores, such as the logits of a clip. They are written so that the compiler
// uses vector instructions, and give the same results on every processor. lib/eval/exponentials.h
// has the pass that needs more than that.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace reel3d {

// Returns the largest of at least one value, none of which is NaN. Score: float or double.
template <class Score>
Score LargestOf(const Score* values, size_t count);

double SumOf(const double* values, size_t count);

// Returns false if a value is infinite or NaN.
bool AreFinite(const float* values, size_t count);

}  // namespace reel3d
