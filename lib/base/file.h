// Files that appear only when whole, and the few file operations that every stage needs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace reel3d {

// A file (or folder) under construction. Write to temporary_path(), then Publish(): the file gets
// its final name only after its bytes are on disk. Without Publish() the destructor removes it, and
// a killed process leaves a temporary that RemoveStaleTemporaries() recognises. The temporary
// stands in the same folder, is hidden, and its name holds host and process, so two tasks never
// share one.
class PendingFile {
 public:
  explicit PendingFile(std::filesystem::path final_path);
  ~PendingFile();
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;

  const std::filesystem::path& temporary_path() const { return temporary_path_; }
  const std::filesystem::path& final_path() const { return final_path_; }

  // fsync, rename, fsync of the folder. Replaces an older file or folder of that name: at every
  // moment one of the two is there (of folders, where the file system can exchange them). Throws an
  // environment error, after which nothing is published.
  void Publish();

  // A file, unless one of that name is there: false then. Of several that race one is told true,
  // except on file systems without hard links.
  bool PublishFirst();

 private:
  std::filesystem::path final_path_;
  std::filesystem::path temporary_path_;
  bool published_ = false;
};

// Publishes `bytes` under `path` by the above.
void WriteFileAtomically(const std::filesystem::path& path, std::string_view bytes);
bool WriteFirstFile(const std::filesystem::path& path, std::string_view bytes);

// The whole file. Throws an input error if it is absent, not ours to read, or larger than
// `max_bytes`; an environment error where the system cannot read it.
std::string ReadFile(const std::filesystem::path& path, uint64_t max_bytes = uint64_t{1} << 30);

// Removes temporaries in `folder` (not below it) whose process on this host is gone. Those of
// other hosts stay, as their owners may be alive. Returns how many were removed.
int RemoveStaleTemporaries(const std::filesystem::path& folder);

// Makes the folder and its parents; an environment error says why it cannot.
void MakeFolders(const std::filesystem::path& folder);

// Throws an input error that names `path` and what it should have been, unless it is a folder
// (a readable regular file); an environment error where the system cannot say or read.
void RequireFolder(const std::filesystem::path& path, const std::string& what);
void RequireFile(const std::filesystem::path& path, const std::string& what);

// CRC-32 (IEEE, as zlib). `crc` continues an earlier one.
uint32_t Crc32(const void* bytes, size_t size_bytes, uint32_t crc = 0);

// Makes what is in `path` (a file or a folder's list of names) survive a power cut.
void SyncToDisk(const std::filesystem::path& path);

}  // namespace reel3d
