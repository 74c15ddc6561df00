// Writes zip archives of files that are stored as they are, in the way that torch.save lays them
// out: every file's bytes begin at a multiple of 64. Without torch.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace reel3d {

class ZipWriter {
 public:
  // Throws an environment error where the disk refuses, as do the others. Not atomic: pass a
  // temporary path. The same files give the same bytes.
  explicit ZipWriter(std::filesystem::path archive);

  // `name` has not been there before. Throws a usage error beyond 4 GB or 65,534 files, where plain
  // zip ends.
  void Add(const std::string& name, std::string_view bytes);
  // Completes the archive; nothing may be added after it.
  void Finish();

 private:
  void Write(std::string_view bytes);

  std::filesystem::path path_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
  uint64_t position_ = 0;
  std::string directory_;
  uint64_t num_files_ = 0;
};

}  // namespace reel3d
