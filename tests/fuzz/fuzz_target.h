// A fuzz target calls one of our readers with arbitrary bytes from a fuzzer. A crash, a report of a
// sanitizer or an error of the wrong kind is a finding. Each target is one source. The same sources
// run with libFuzzer (make -f Makefile.workflow fuzz) and, through fuzz_driver.cc, as ordinary
// tests.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/error.h"

// Each target defines this function, with the name that libFuzzer requires, and Seeds(). Returns 0.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace reel3d::fuzz {

// Returns valid inputs, from which a fuzzer starts. Each run makes them again, so they have today's
// format.
std::vector<std::string> Seeds();

// An input that consists of a file, followed by numbers that select what is done with the file.
class FileAndNumbers {
 public:
  FileAndNumbers(const uint8_t* data, size_t size);
  // Makes a seed; missing numbers are 0.
  static std::string Join(std::string file, const std::vector<uint32_t>& numbers);

  // The bytes end where their memory ends, so that sanitizers notice reads past it.
  const std::vector<uint8_t>& file() const { return file_; }
  uint32_t Next() { return next_ < numbers_.size() ? numbers_[next_++] : 0; }
  // Returns a number of 0 .. bound - 1; bound >= 1.
  int Below(int bound) { return static_cast<int>(Next() % static_cast<uint32_t>(bound)); }

 private:
  std::vector<uint8_t> file_;
  std::array<uint32_t, 16> numbers_{};
  size_t next_ = 0;
};

// A temporary file with these bytes, in memory if the system has a file system for that. (A file
// without a path, as memfd_create() makes, is not enough: HDF5 needs the real path.)
class ScratchFile {
 public:
  ScratchFile(const void* bytes, size_t size_bytes);
  explicit ScratchFile(std::string_view bytes = "") : ScratchFile(bytes.data(), bytes.size()) {}
  ~ScratchFile();
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Bad input may be refused with an input error. Any other exception passes through and is a
// finding.
template <class Function>
void AllowInputErrors(const Function& function) {
  try {
    function();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInput) {
      throw;
    }
  }
}

// Writes the input's file and reads it with readers[n], where n is the input's first number.
// Returns 0, as a target does.
using FileReaders = std::vector<std::function<void(const std::filesystem::path& file)>>;
int TryReader(const FileReaders& readers, const uint8_t* data, size_t size);

}  // namespace reel3d::fuzz
