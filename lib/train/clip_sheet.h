// Clips as one picture, to be looked at before a machine spends days on them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include "lib/train/event_file.h"

namespace reel3d {

// The first eight clips of `pixels`, uint8 (N, 3, T, H, W) on the CPU: a row each, of up to eight
// frames that are spread evenly over its time. N is at least 1.
Picture ClipSheet(const at::Tensor& pixels);

}  // namespace reel3d
