// How much memory tensors take while something is computed, and a limit to it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>

namespace reel3d {

// Bytes of tensors that this thread holds more than at the meter's beginning. Of meters within each
// other only the inner one counts.
class MemoryMeter {
 public:
  MemoryMeter() : MemoryMeter(std::numeric_limits<int64_t>::max(), nullptr) {}
  // As soon as a tensor would make it more than `most_bytes`, `refuse` is called, which throws:
  // before the tensor's memory has been touched, hence while it costs nothing yet.
  MemoryMeter(int64_t most_bytes, std::function<void()> refuse);

  int64_t held_bytes() const;

 private:
  struct Counts;
  std::shared_ptr<Counts> counts_;
  c10::DebugInfoGuard guard_;
};

}  // namespace reel3d
