// Appends complete records to a log file. A record that a full disk refuses is written later.
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

  // Writes the record at once. If that fails, a later call of Append() or Flush() tries again.
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
  int64_t size_bytes_;  // size of the file that is known to be on disk
  // Bytes after the first `size_bytes_`. They are kept until a flush, because network file systems
  // report a full disk late.
  std::string waiting_;
  size_t written_ = 0;  // bytes of `waiting_` that are written, but not flushed
};

}  // namespace reel3d
