// A folder on a disk of this node with copies of shards, so that their frames need not come over
// the network. ShardCopier writes them. Several processes and several data sets may share it: a
// copy has the name of its content, <uuid>.h5. A copy is only ever a faster way to the same bytes:
// one that is absent, damaged or unreadable is not used.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
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

// Tells a file from one that takes its place later.
struct CopyMark {
  uint64_t device = 0, inode = 0;
  int64_t changed_ns = 0;
  uint32_t owner = 0;

  bool operator==(const CopyMark& other) const {
    return device == other.device && inode == other.inode && changed_ns == other.changed_ns;
  }
};

// Returns the mark of a copy. Returns nothing if it is absent, or not to be trusted: a forged file
// could harm the library that reads it. So it must be a plain file of this user or of root, to
// which nobody else may write.
std::optional<CopyMark> TrustedMark(const std::filesystem::path& file);

// Any thread may call the methods.
class ShardCopies {
 public:
  struct Copy {
    std::unique_ptr<ShardReader> reader;
    CopyMark mark;
  };

  // `folder` may be absent; it need not stay there either.
  explicit ShardCopies(std::filesystem::path folder) : folder_(std::move(folder)) {}

  const std::filesystem::path& folder() const { return folder_; }
  // Returns the path of the copy of the shard with this uuid, whether or not it is there. Returns
  // an empty path if the text is no uuid: a hostile one could lead out of the folder.
  std::filesystem::path FileOf(const std::string& uuid) const;

  // Opens the copy of the shard with this uuid. Returns nothing if no trusted copy is there, or it
  // was rejected; in this case it does not look at the disk again for a second. A copy whose table
  // is damaged, or is that of another shard, is rejected.
  std::optional<Copy> Open(const std::string& uuid);

  // Notes that the copy with this mark has the fault. A damaged copy (an input error) is not used
  // again, and is removed if it is this user's. After other faults the copy is not used for a
  // minute: they may pass. Logs the first fault only: a disk that fails would fill the log.
  void Reject(const std::string& uuid, const CopyMark& mark, const Error& fault);

 private:
  struct Seen {
    std::optional<Stopwatch> since_look;  // that found no copy
    double pause_s = 0;                   // until the next look
    std::optional<CopyMark> rejected;
  };

  std::optional<CopyMark> Look(const std::string& uuid, const std::filesystem::path& file);
  void Log(const Error& fault);

  const std::filesystem::path folder_;
  std::mutex mutex_;                            // guards `seen_`
  std::unordered_map<std::string, Seen> seen_;  // by uuid
  std::atomic<bool> has_told_{false};
};

// Throws an input error unless the file is a complete shard with this uuid. It reads the table, and
// no frames.
std::unique_ptr<ShardReader> OpenCopy(const std::filesystem::path& file, const std::string& uuid);

}  // namespace reel3d
