// Runs our own loops on torch's threads.
//
// at::parallel_for() cannot do that here, because it is a template that its caller compiles.
// Without the flags of the OpenMP library that torch was built with, it runs on one thread. With
// the flags of another library, the process has two pools of threads that compete for its cores.
// RunParallel() lets torch's compiled code distribute the work.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

namespace reel3d {

// Calls work(0) ... work(count - 1), in any order and on as many threads as at::set_num_threads()
// allows, and returns when all have ended. If calls throw, one of their exceptions is thrown here
// after the threads have ended. A thread stops at its first exception and skips its other calls.
void RunParallel(int64_t count, const std::function<void(int64_t)>& work);

}  // namespace reel3d
