// Reads a file at any place, for formats whose parts state where the other parts lie.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace reel3d {

class InputFile {
 public:
  // Throws an input error unless `path` is a readable file. `kind` is what it should be, such as "a
  // file of weights".
  InputFile(std::filesystem::path path, const char* kind);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  std::string name() const { return path_.string(); }
  uint64_t size_bytes() const { return size_bytes_; }
  // Returns whether `descriptor` is open for this very file. A file that replaced it under the same
  // name is another one.
  bool IsOpenAs(int descriptor) const;

  // Reads `size_bytes` bytes from `offset` on. Any thread may call it. Throws an input error if the
  // file ends before them, and an environment error if it cannot be read.
  void Read(uint64_t offset, void* bytes, uint64_t size_bytes) const;
  // Does the same and returns the bytes. Allocates memory only if the file is that large.
  std::string ReadText(uint64_t offset, uint64_t size_bytes) const;

  // Tells the system that reads will be at random places. It is a hint and never throws.
  void ExpectRandomReads() const;
  // Asks the system to fetch these bytes in the background. It is a hint and never throws.
  void ReadAhead(uint64_t offset, uint64_t size_bytes) const;

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  uint64_t size_bytes_ = 0;
};

}  // namespace reel3d
