// Measures and limits the memory that tensors take during a computation.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>

namespace reel3d {

// Counts the bytes of tensors that this thread holds beyond those at the meter's beginning. If
// meters are nested, only the innermost one counts.
class MemoryMeter {
 public:
  MemoryMeter() : MemoryMeter(std::numeric_limits<int64_t>::max(), nullptr) {}
  // Calls `refuse`, which must throw, as soon as a tensor would exceed `most_bytes`. At that moment
  // the tensor's memory has not been touched, so it costs nothing yet.
  MemoryMeter(int64_t most_bytes, std::function<void()> refuse);

  int64_t held_bytes() const;

 private:
  struct Counts;
  std::shared_ptr<Counts> counts_;
  c10::DebugInfoGuard guard_;
};

}  // namespace reel3d
