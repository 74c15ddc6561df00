// Draws clips as one picture, so that a user can look at them before training for days.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include "lib/train/log/event_file.h"

namespace reel3d {

// Shows the first eight clips of `pixels`, uint8 (N, 3, T, H, W) on the CPU. Each clip is a row of
// up to eight frames, spread evenly over its time. N is at least 1.
Picture ClipSheet(const at::Tensor& pixels);

}  // namespace reel3d
