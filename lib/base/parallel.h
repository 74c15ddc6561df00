// Runs independent work on several threads.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>

namespace reel3d {

// Calls work(0) .. work(count - 1), each once, on up to `threads` threads of which the caller is
// one. The order is not fixed, so calls must not depend on each other. If calls throw, one of the
// exceptions is thrown here after the running calls have ended; no further calls start.
void ParallelFor(size_t count, int threads, const std::function<void(size_t)>& work);

// Returns how many blocks of `block_size` numbers hold 0 .. count - 1; the last one may have fewer.
constexpr size_t NumBlocks(size_t count, size_t block_size) {
  return (count + block_size - 1) / block_size;
}

// Calls work(begin, end) once for each block of 0 .. count - 1, in the same way. Each block has
// `block_size` numbers, the last one may have fewer, and block n begins at n * block_size. Use it
// for calls that take far less time than waking a thread.
void ParallelBlocks(size_t count, size_t block_size, int threads,
                    const std::function<void(size_t begin, size_t end)>& work);

}  // namespace reel3d
