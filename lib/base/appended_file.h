// A log on disk that grows by whole records, and outlives a disk that is full for a while.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace reel3d {

class AppendedFile {
 public:
  // Made if absent; goes on at its end. Throws an environment error if it cannot be opened.
  explicit AppendedFile(const std::filesystem::path& file);
  ~AppendedFile();
  AppendedFile(const AppendedFile&) = delete;
  AppendedFile& operator=(const AppendedFile&) = delete;

  // Written at once or, where the disk refuses it, kept in memory until a later call can.
  void Append(std::string_view record);
  // Throws an environment error if something still cannot be written.
  void Flush();

 private:
  bool Write();

  std::filesystem::path file_;
  int descriptor_;
  int64_t size_bytes_;
  std::string waiting_;
};

}  // namespace reel3d
