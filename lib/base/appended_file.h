// Appends complete records to a log on disk. It survives a disk that is full for a while.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>

namespace reel3d {

// One thread appends; the same thread or another one flushes.
class AppendedFile {
 public:
  // Creates the file if it is absent, else appends to it. Throws an environment error if it cannot
  // be opened.
  explicit AppendedFile(const std::filesystem::path& file);
  ~AppendedFile();
  AppendedFile(const AppendedFile&) = delete;
  AppendedFile& operator=(const AppendedFile&) = delete;

  // Writes the record at once. If the disk refuses it, a later call writes it.
  void Append(std::string_view record);
  // Returns when everything appended so far would survive a crash of the machine. Throws an
  // environment error if something still cannot be written. Append() may be called meanwhile.
  void Flush();

 private:
  bool Write();
  void CheckWritten(bool done);

  std::filesystem::path file_;
  int descriptor_;
  std::mutex mutex_;    // guards the members below
  int64_t size_bytes_;  // bytes that are known to be on disk
  // The bytes after them. They are kept because network file systems report a full disk late.
  std::string waiting_;
  size_t written_ = 0;  // bytes of it that the system has taken
};

}  // namespace reel3d
