// SPDX-License-Identifier: Apache-2.0
#include "python/src/memory_pool.h"

#include <new>

#include "python/src/fork_guard.h"

namespace reel3d::python {
namespace {

constexpr std::align_val_t kAlignment{64};

}  // namespace

std::shared_ptr<MemoryPool> MemoryPool::Make(size_t most_free) {
  return std::shared_ptr<MemoryPool>(new MemoryPool(most_free));
}

MemoryPool::~MemoryPool() {
  for (const Piece& piece : free_) {
    ::operator delete(piece.memory, kAlignment);
  }
}

std::shared_ptr<uint8_t> MemoryPool::Allocate(size_t size_bytes) {
  Piece piece;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    while (!free_.empty() && piece.memory == nullptr) {
      if (free_.back().size_bytes >= size_bytes) {
        piece = free_.back();
      } else {
        ::operator delete(free_.back().memory, kAlignment);
      }
      free_.pop_back();
    }
  }
  if (piece.memory == nullptr) {
    piece = {static_cast<uint8_t*>(::operator new(size_bytes, kAlignment)), size_bytes};
  }
  return {piece.memory,
          [pool = shared_from_this(), piece](uint8_t* /*memory*/) { pool->TakeBack(piece); }};
}

void MemoryPool::TakeBack(Piece piece) {
  if (!ForkedFromLoader()) {  // else the mutex may be locked for ever
    const std::lock_guard<std::mutex> lock(mutex_);
    if (free_.size() < most_free_) {
      free_.push_back(piece);
      return;
    }
  }
  ::operator delete(piece.memory, kAlignment);
}

}  // namespace reel3d::python
