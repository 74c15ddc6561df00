// Widens bootstrap intervals that are too narrow because almost all videos are right or wrong.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/eval/evaluation.h"

namespace reel3d {

// Widens `evaluation->intervals` as FigureIntervals says. The classes and counts of `evaluation`
// must be filled.
void WidenIntervals(Evaluation* evaluation);

}  // namespace reel3d
