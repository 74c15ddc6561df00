// A file in memory, read only: the system reads its pages when they are first used, and all
// processes of a node share them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>

namespace reel3d {

// The file must not be changed while it is mapped. If it is cut, or its disk fails, the process is
// killed by SIGBUS when it reads a page that is gone. If another file replaces it by rename
// (PendingFile), a local file system keeps the old bytes. NFS may not: SIGBUS can follow there too.
class MappedFile {
 public:
  // Throws an input error if the file is absent, unreadable for this user or not a regular file,
  // and an environment error if the system cannot map it.
  explicit MappedFile(const std::filesystem::path& file);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::byte* data() const { return data_; }  // starts at a page; null if the file is empty
  size_t size_bytes() const { return size_bytes_; }

  // Stops counting these pages as memory of this process. They stay in the system's cache, and are
  // there again when they are next used. Any thread, also while others read them.
  void LetGo(size_t begin_bytes, size_t end_bytes) const;

 private:
  std::byte* data_ = nullptr;
  size_t size_bytes_ = 0;
};

}  // namespace reel3d
