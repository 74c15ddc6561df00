// Writes zip archives of uncompressed files, as torch.save lays them out: every file's bytes begin
// at a multiple of 64. This file does not use torch.
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
  // All methods throw an environment error if the disk refuses. Writing is not atomic, so pass a
  // temporary path. The same files give the same bytes.
  explicit ZipWriter(std::filesystem::path archive);

  // Adds a file, whose `name` must be new. Throws a usage error beyond 4 GB or 65,534 files, the
  // limits of plain zip.
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
