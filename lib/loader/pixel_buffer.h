// Holds the memory for the pixels of a batch. It is plain memory that is reused from batch to
// batch, or memory from an allocator of the consumer. Such an allocator may give memory that a GPU
// can copy from by itself.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace reel3d {

// Returns memory that lives as long as the pointer. Any thread.
using PixelAllocator = std::function<std::shared_ptr<uint8_t>(size_t size_bytes)>;

class PixelBuffer {
 public:
  // Sets the size and leaves the bytes undefined. Memory of an allocator is never reused, because a
  // copy from the last batch may still be reading it.
  void Resize(size_t size_bytes, const PixelAllocator& allocate = {}) {
    if (allocate) {
      memory_ = allocate(size_bytes);
      capacity_bytes_ = 0;
    } else if (size_bytes > capacity_bytes_) {
      memory_ = std::shared_ptr<uint8_t>(new uint8_t[size_bytes], std::default_delete<uint8_t[]>());
      capacity_bytes_ = size_bytes;
    }
    size_bytes_ = size_bytes;
  }

  uint8_t* data() { return memory_.get(); }
  size_t size() const { return size_bytes_; }
  const uint8_t* begin() const { return memory_.get(); }
  const uint8_t* end() const { return memory_.get() + size_bytes_; }

 private:
  std::shared_ptr<uint8_t> memory_;
  size_t size_bytes_ = 0;
  size_t capacity_bytes_ = 0;  // size of the reusable memory
};

}  // namespace reel3d
