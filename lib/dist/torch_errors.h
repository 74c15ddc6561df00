// LibTorch's exceptions in the words of reel3d: they carry stack traces and say "internal" even of
// a batch too large for the memory.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

namespace reel3d {

// Runs `work`; what LibTorch throws out of it becomes an environment error (memory, GPU, other
// ranks) or an internal one, of one line each.
void WithTorchErrors(const std::function<void()>& work);

}  // namespace reel3d
