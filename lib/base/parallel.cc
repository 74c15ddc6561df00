// SPDX-License-Identifier: Apache-2.0
#include "lib/base/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "lib/base/error.h"

namespace reel3d {

void ParallelFor(size_t count, int threads, const std::function<void(size_t)>& work) {
  std::atomic<size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  const auto run = [&] {
    for (size_t index = next++; index < count; index = next++) {
      try {
        work(index);
      } catch (...) {
        next = count;
        const std::lock_guard<std::mutex> lock(mutex);
        failure = std::current_exception();
      }
    }
  };
  std::vector<std::thread> helpers;
  const size_t num_threads = std::min(count, static_cast<size_t>(std::max(1, threads)));
  for (size_t helper = 1; helper < num_threads; ++helper) {
    helpers.emplace_back(run);
  }
  run();
  for (std::thread& helper : helpers) {
    helper.join();
  }
  if (failure) {
    std::rethrow_exception(failure);
  }
}

void ParallelBlocks(size_t count, size_t block_size, int threads,
                    const std::function<void(size_t begin, size_t end)>& work) {
  REEL3D_CHECK(block_size > 0);
  ParallelFor(NumBlocks(count, block_size), threads, [&](size_t block) {
    const size_t begin = block * block_size;
    work(begin, std::min(count, begin + block_size));
  });
}

}  // namespace reel3d
