// SPDX-License-Identifier: Apache-2.0
#include "lib/shard/copy_room.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>

#include "lib/base/host.h"
#include "lib/base/plural.h"
#include "lib/base/work_lock.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

constexpr double kGigabyte = 1e9;

std::string SystemText(int error_number) { return std::generic_category().message(error_number); }

// The lock of a folder, as long as this object lives.
class FolderLock {
 public:
  explicit FolderLock(const fs::path& folder)
      : descriptor_(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    constexpr int kMostTries = 100;
    constexpr std::chrono::milliseconds kBetween(20);
    for (int tries = 0; tries < kMostTries && TryFlock(descriptor_) == EWOULDBLOCK; ++tries) {
      std::this_thread::sleep_for(kBetween);
    }
  }
  ~FolderLock() {
    if (descriptor_ >= 0) {
      close(descriptor_);
    }
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  const int descriptor_;
};

struct FolderContent {
  int64_t size_bytes = 0;   // of all files
  bool is_at_work = false;  // another process writes this copy
};

bool IsTemporaryOfCopy(const std::string& name) {
  return name.front() == '.' && name.find(".h5.tmp-") != std::string::npos;
}

// Returns whether RemoveStaleTemporaries() can judge whether the file's process is alive.
bool IsOfThisHost(const std::string& name) {
  return name.find(".tmp-" + HostName() + "-") != std::string::npos;
}

FolderContent LookInto(const fs::path& folder, const std::string& copy_name,
                       AbandonedFiles* abandoned) {
  const std::string temporary = fmt::format(".{}.tmp-", copy_name);
  FolderContent content;
  std::error_code error, ignored;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    struct stat status {};
    if (lstat(entry->path().c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
      continue;
    }
    const int64_t changed_ns =
        int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
    if (IsTemporaryOfCopy(name) && !IsOfThisHost(name) && abandoned->Holds(name, changed_ns) &&
        fs::remove(entry->path(), ignored)) {
      continue;
    }
    content.is_at_work = content.is_at_work || name.rfind(temporary, 0) == 0;
    content.size_bytes += status.st_size;
  }
  return content;
}

// Returns the reason why the file does not fit, or "".
std::string Refusal(int64_t in_folder_bytes, int64_t size_bytes, const StagingOptions& options) {
  const auto size = static_cast<double>(size_bytes);
  const auto there = static_cast<double>(in_folder_bytes);
  if (options.most_gb > 0 && there + size > options.most_gb * kGigabyte) {
    return fmt::format("{} has {}, and --stage-most-gb allows {:g}", options.folder,
                       FormatBytes(there), options.most_gb);
  }
  struct statvfs room {};
  if (statvfs(options.folder.c_str(), &room) != 0) {
    return fmt::format("cannot look at {}: {}", options.folder, SystemText(errno));
  }
  const double free = static_cast<double>(room.f_bavail) * static_cast<double>(room.f_frsize);
  if (free - size < options.free_gb * kGigabyte) {
    return fmt::format("the disk of {} has {} left, and --stage-free-gb keeps {:g}", options.folder,
                       FormatBytes(free), options.free_gb);
  }
  return "";
}

}  // namespace

bool AbandonedFiles::Holds(const std::string& name, int64_t changed_ns) {
  const auto [place, is_new] = seen_.try_emplace(name);
  Seen& seen = place->second;
  if (is_new || seen.changed_ns != changed_ns) {
    seen = {changed_ns, Stopwatch()};
  }
  return seen.unchanged.Seconds() >= after_s_;
}

void StagingOptions::Bind(OptionBinder& binder) {
  binder.Bind(
      "stage-to", &folder,
      "folder on a disk of each node, such as /local/$USER/shards, to which one rank of the node "
      "copies the shards while the ranks train. A copy is used as soon as it is complete "
      "and checked; other frames come from SHARDS_DIR. The copies stay there for the next "
      "run. Empty: copy nothing",
      Effect::kRunOnly);
  binder.Bind("stage-most-gb", &most_gb, {0, 1e9},
              "GB that all files in the folder of --stage-to may have together. Shards that do not "
              "fit are read from SHARDS_DIR. Only matters with --stage-to. 0: no limit",
              Effect::kRunOnly);
  binder.Bind("stage-free-gb", &free_gb, {0, 1e9},
              "GB of the disk of --stage-to that copies leave free. 0: copies may fill the disk",
              Effect::kRunOnly);
}

Room TakeRoom(const PendingFile& copy, int64_t size_bytes, const StagingOptions& options,
              AbandonedFiles* abandoned) {
  const FolderLock lock(options.folder);
  const FolderContent content =
      LookInto(options.folder, copy.final_path().filename().string(), abandoned);
  Room room;
  room.is_at_work = content.is_at_work;
  if (room.is_at_work) {
    return room;
  }
  room.refusal = Refusal(content.size_bytes, size_bytes, options);
  if (!room.refusal.empty()) {
    return room;
  }
  constexpr mode_t kMode = 0644;  // readers do not trust a file that others may change
  room.descriptor = open(copy.temporary_path().c_str(),
                         O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kMode);
  if (room.descriptor < 0) {
    room.refusal = fmt::format("cannot make a file in {}: {}", options.folder, SystemText(errno));
    return room;
  }
  // A file system that cannot take the room beforehand still shows others the size.
  if (fallocate(room.descriptor, 0, 0, size_bytes) != 0 &&
      (errno == ENOSPC || errno == EDQUOT || ftruncate(room.descriptor, size_bytes) != 0)) {
    room.refusal = fmt::format("{}: {}", options.folder, SystemText(errno));
    close(room.descriptor);
    room.descriptor = -1;
  }
  return room;
}

}  // namespace reel3d
