// Allocates large pieces of memory and uses them again, because fresh pages from the system cost
// more than a tenth of the time to load clips. A piece may outlive the loader that asked for it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace reel3d::python {

class MemoryPool : public std::enable_shared_from_this<MemoryPool> {
 public:
  // Keeps at most `most_free` pieces that nobody uses.
  static std::shared_ptr<MemoryPool> Make(size_t most_free);
  ~MemoryPool();
  MemoryPool(const MemoryPool&) = delete;
  MemoryPool& operator=(const MemoryPool&) = delete;

  // Returns memory, aligned for vectors, that lives as long as the pointer. Any thread.
  std::shared_ptr<uint8_t> Allocate(size_t size_bytes);

 private:
  struct Piece {
    uint8_t* memory = nullptr;
    size_t size_bytes = 0;
  };
  explicit MemoryPool(size_t most_free) : most_free_(most_free) {}
  void TakeBack(Piece piece);

  const size_t most_free_;
  std::mutex mutex_;  // guards free_
  std::vector<Piece> free_;
};

}  // namespace reel3d::python
