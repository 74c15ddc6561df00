// A log on disk that grows by whole records, and outlives a disk that is full for a while.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>

namespace reel3d {

// Appended to by one thread, and flushed by the same or another.
class AppendedFile {
 public:
  // Made if absent; goes on at its end. Throws an environment error if it cannot be opened.
  explicit AppendedFile(const std::filesystem::path& file);
  ~AppendedFile();
  AppendedFile(const AppendedFile&) = delete;
  AppendedFile& operator=(const AppendedFile&) = delete;

  // Written at once or, where the disk refuses it, by a later call.
  void Append(std::string_view record);
  // What was appended outlives a crash of the machine afterwards. Throws an environment error if
  // something still cannot be written. Appending goes on meanwhile.
  void Flush();

 private:
  bool Write();
  void CheckWritten(bool done);

  std::filesystem::path file_;
  int descriptor_;
  std::mutex mutex_;    // of what follows
  int64_t size_bytes_;  // that are known to be on disk
  // What follows them. Kept until then: network file systems tell of a full disk late.
  std::string waiting_;
  size_t written_ = 0;  // bytes of it that the system has taken
};

}  // namespace reel3d
