// SPDX-License-Identifier: Apache-2.0
#include "lib/model/memory_meter.h"

#include <utility>

namespace reel3d {

// torch's allocators report the allocations of the meter's thread to this object.
struct MemoryMeter::Counts : c10::MemoryReportingInfoBase {
  int64_t held_bytes = 0;
  int64_t most_bytes = 0;
  std::function<void()> refuse;

  void reportMemoryUsage(void* /*pointer*/, int64_t bytes, size_t /*allocated*/,
                         size_t /*reserved*/, c10::Device /*device*/) override {
    held_bytes += bytes;
    if (bytes > 0 && held_bytes > most_bytes) {
      refuse();
    }
  }
  bool memoryProfilingEnabled() const override { return true; }
};

MemoryMeter::MemoryMeter(int64_t most_bytes, std::function<void()> refuse)
    : counts_(std::make_shared<Counts>()), guard_(c10::DebugInfoKind::PROFILER_STATE, counts_) {
  counts_->most_bytes = most_bytes;
  counts_->refuse = std::move(refuse);
}

int64_t MemoryMeter::held_bytes() const { return counts_->held_bytes; }

}  // namespace reel3d
