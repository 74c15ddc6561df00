// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/fuzz_target.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

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

ScratchFile::ScratchFile(const void* bytes, size_t size_bytes) {
  const std::filesystem::path memory = "/dev/shm";
  const bool has_memory = access(memory.c_str(), W_OK) == 0;
  std::string name =
      ((has_memory ? memory : std::filesystem::temp_directory_path()) / "reel3d-fuzz-XXXXXX");
  const int descriptor = mkstemp(name.data());
  REEL3D_CHECK(descriptor >= 0);
  REEL3D_CHECK(write(descriptor, bytes, size_bytes) == static_cast<ssize_t>(size_bytes));
  close(descriptor);
  path_ = name;
}

ScratchFile::~ScratchFile() { unlink(path_.c_str()); }

int TryReader(const FileReaders& readers, const uint8_t* data, size_t size) {
  FileAndNumbers input(data, size);
  const ScratchFile file(input.file().data(), input.file().size());
  const auto& read = readers[static_cast<size_t>(input.Below(static_cast<int>(readers.size())))];
  AllowInputErrors([&] { read(file.path()); });
  return 0;
}

}  // namespace reel3d::fuzz
