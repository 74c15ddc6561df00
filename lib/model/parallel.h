// Loops of ours on torch's own threads.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

namespace reel3d {

// Calls work(0) ... work(count - 1), in any order and on as many threads as at::set_num_threads()
// allows, and returns when all have ended. at::parallel_for() would run on one thread alone: its
// header wants the flags and the very OpenMP library that torch was built with.
void RunParallel(int64_t count, const std::function<void(int64_t)>& work);

}  // namespace reel3d
