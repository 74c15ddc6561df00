// A folder on a disk of this node with copies of shards, so that their frames need not come over
// the network. ShardCopier writes them. Several processes and several data sets may share it: a
// copy has the name of its content, <uuid>.h5. A copy is only ever a faster way to the same bytes:
// one that is absent, damaged or unreadable is not used.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "lib/base/error.h"
#include "lib/base/timer.h"
#include "lib/shard/shard_reader.h"

namespace reel3d {

// Any thread may call the methods.
class ShardCopies {
 public:
  // `folder` may be absent; it need not stay there either.
  explicit ShardCopies(std::filesystem::path folder) : folder_(std::move(folder)) {}

  const std::filesystem::path& folder() const { return folder_; }
  // Returns the path of the copy of the shard with this uuid, whether or not it is there. Returns
  // an empty path if the text is no uuid: a hostile one could lead out of the folder.
  std::filesystem::path FileOf(const std::string& uuid) const;

  // Opens the copy of the shard with this uuid. Returns null if it is not there or was rejected. It
  // looks at the disk at most once a second for each shard. A copy whose table is damaged, or is
  // that of another shard, is rejected.
  std::unique_ptr<ShardReader> Open(const std::string& uuid);

  // Lets Open() return no more the copy that is there now, because of `fault`. A copy that is
  // damaged (an input error) is removed, if it is this user's. Logs the first fault only: a disk
  // that fails would fill the log.
  void Reject(const std::string& uuid, const Error& fault);

 private:
  // Tells a file from one that takes its place later.
  struct FileMark {
    uint64_t device = 0, inode = 0;
    int64_t changed_ns = 0;

    bool operator==(const FileMark& other) const {
      return device == other.device && inode == other.inode && changed_ns == other.changed_ns;
    }
  };
  struct Seen {
    std::optional<Stopwatch> since_look;
    std::optional<FileMark> rejected;
  };

  static std::optional<FileMark> MarkOf(const std::filesystem::path& file);
  bool IsThere(const std::string& uuid, const std::filesystem::path& file);

  const std::filesystem::path folder_;
  std::mutex mutex_;                            // guards the members below
  std::unordered_map<std::string, Seen> seen_;  // by uuid
  bool has_told_ = false;
};

// Throws an input error unless the file is a complete shard with this uuid. It reads the table, and
// no frames.
std::unique_ptr<ShardReader> OpenCopy(const std::filesystem::path& file, const std::string& uuid);

}  // namespace reel3d
