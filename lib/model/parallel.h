// Runs our own loops on torch's threads.
//
// at::parallel_for() cannot do that here. It is a template that its caller compiles: without the
// flags of the OpenMP library that torch was built with it runs on one thread alone, and with those
// of another one a process has two pools of threads that compete for its cores. RunParallel() has
// torch's compiled code hand out the work.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

namespace reel3d {

// Calls work(0) ... work(count - 1), in any order and on as many threads as at::set_num_threads()
// allows, and returns when all have ended. If calls throw, one of their exceptions is thrown here
// after the threads have ended, and the calls that a failed thread had not begun are not made.
void RunParallel(int64_t count, const std::function<void(int64_t)>& work);

}  // namespace reel3d
