// Room for a batch's pixels: plain memory that is used again from batch to batch, or memory of the
// consumer's choice, such as the kind that a GPU can copy from by itself.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace reel3d {

// Gives memory that lives as long as the pointer. From any thread.
using PixelAllocator = std::function<std::shared_ptr<uint8_t>(size_t size_bytes)>;

class PixelBuffer {
 public:
  // What the bytes are afterwards is not said. Memory of an allocator is never used twice: a copy
  // that was begun of the last batch may still read from it.
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
  size_t capacity_bytes_ = 0;  // that may be used again
};

}  // namespace reel3d
