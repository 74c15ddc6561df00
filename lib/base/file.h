// Publishes files only when they are complete, and has the few file operations that stages share.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace reel3d {

// A file (or folder) under construction. Write to temporary_path(), then call Publish(): the file
// gets its final name only after its bytes are on disk. Without Publish() the destructor removes
// it. A killed process leaves a temporary that RemoveStaleTemporaries() recognises. The temporary
// is hidden and lies in the same folder. Its name holds host and process, so that two tasks never
// share one.
class PendingFile {
 public:
  explicit PendingFile(std::filesystem::path final_path);  // refuses devices, pipes and sockets
  ~PendingFile();
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;

  const std::filesystem::path& temporary_path() const { return temporary_path_; }
  const std::filesystem::path& final_path() const { return final_path_; }

  // Syncs the file, renames it and syncs its folder. Replaces an older file or folder of that name;
  // at every moment one of the two exists (folders: if the file system can exchange them). Throws
  // an environment error, after which nothing is published.
  void Publish();

  // Publishes a file, unless one of that name exists; then returns false. If several processes
  // race, exactly one gets true, except on file systems without hard links.
  bool PublishFirst();

 private:
  std::filesystem::path final_path_;
  std::filesystem::path temporary_path_;
  bool published_ = false;
};

// Publish `bytes` as the file `path`, by Publish() and PublishFirst() above.
void WriteFileAtomically(const std::filesystem::path& path, std::string_view bytes);
bool WriteFirstFile(const std::filesystem::path& path, std::string_view bytes);

// Returns the content of the file. Throws an input error if the file is absent, not readable for
// this user, or larger than `max_bytes`, and an environment error if the system cannot read it.
std::string ReadFile(const std::filesystem::path& path, uint64_t max_bytes = uint64_t{1} << 30);

// Removes temporaries in `folder` (not below it) whose process on this host is gone. Those of
// other hosts stay, as their owners may be alive. Returns how many were removed.
int RemoveStaleTemporaries(const std::filesystem::path& folder);

// Returns the system's folder for temporary files: TMPDIR, or /tmp. Throws an environment error if
// there is none.
std::filesystem::path SystemTemporaryFolder();

// Makes the folder and its parents. Throws an environment error if it cannot.
void MakeFolders(const std::filesystem::path& folder);

// Throw an input error that names `path` and `what` it should be, unless it is a folder or, for
// RequireFile(), a readable regular file. Throw an environment error if the system cannot tell.
void RequireFolder(const std::filesystem::path& path, const std::string& what);
void RequireFile(const std::filesystem::path& path, const std::string& what);

// Returns the CRC-32 (IEEE, as in zlib). `crc` continues an earlier one.
uint32_t Crc32(const void* bytes, size_t size_bytes, uint32_t crc = 0);

// Makes the content of `path` (a file, or a folder's list of names) survive a power cut.
void SyncToDisk(const std::filesystem::path& path);

}  // namespace reel3d
