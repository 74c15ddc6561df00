// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/fuzz_target.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

namespace reel3d::fuzz {

FileAndNumbers::FileAndNumbers(const uint8_t* data, size_t size)
    : file_(data, data + size - std::min(size, sizeof numbers_)) {
  std::copy(data + file_.size(), data + size, reinterpret_cast<uint8_t*>(numbers_.data()));
}

std::string FileAndNumbers::Join(std::string file, const std::vector<uint32_t>& numbers) {
  std::array<uint32_t, 16> all{};
  std::copy(numbers.begin(), numbers.end(), all.begin());
  return file.append(reinterpret_cast<const char*>(all.data()), sizeof all);
}

MemoryFile::MemoryFile(const void* bytes, size_t size_bytes)
    : descriptor_(memfd_create("fuzz", MFD_CLOEXEC)),
      path_("/proc/self/fd/" + std::to_string(descriptor_)) {
  REEL3D_CHECK(descriptor_ >= 0);
  REEL3D_CHECK(write(descriptor_, bytes, size_bytes) == static_cast<ssize_t>(size_bytes));
}

MemoryFile::~MemoryFile() { close(descriptor_); }

}  // namespace reel3d::fuzz
