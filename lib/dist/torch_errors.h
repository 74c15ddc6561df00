// Translates LibTorch's exceptions into errors of reel3d. LibTorch's exceptions contain stack
// traces and say "internal" even if a batch is merely too large for the memory.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

namespace reel3d {

// Runs `work`. An exception of LibTorch becomes an environment error (memory, GPU, other ranks) or
// an internal error, each with a message of one line.
void WithTorchErrors(const std::function<void()>& work);

}  // namespace reel3d
