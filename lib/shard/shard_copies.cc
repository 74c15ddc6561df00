// SPDX-License-Identifier: Apache-2.0
#include "lib/shard/shard_copies.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "lib/base/log.h"

namespace reel3d {
namespace fs = std::filesystem;

fs::path ShardCopies::FileOf(const std::string& uuid) const {
  constexpr size_t kUuidChars = 36;
  const auto is_of_uuid = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '-';
  };
  const bool is_uuid =
      uuid.size() == kUuidChars && std::all_of(uuid.begin(), uuid.end(), is_of_uuid);
  return is_uuid ? folder_ / (uuid + ".h5") : fs::path();
}

std::optional<ShardCopies::FileMark> ShardCopies::MarkOf(const fs::path& file) {
  struct stat status {};
  if (stat(file.c_str(), &status) != 0) {
    return std::nullopt;
  }
  return FileMark{status.st_dev, status.st_ino,
                  int64_t{status.st_ctim.tv_sec} * 1'000'000'000 + status.st_ctim.tv_nsec};
}

bool ShardCopies::IsThere(const std::string& uuid, const fs::path& file) {
  constexpr double kBetweenLooks_s = 1;
  const std::lock_guard<std::mutex> lock(mutex_);
  Seen& seen = seen_[uuid];
  if (seen.since_look && seen.since_look->Seconds() < kBetweenLooks_s) {
    return false;
  }
  seen.since_look.emplace();
  const std::optional<FileMark> mark = MarkOf(file);
  return mark && !(mark == seen.rejected);
}

std::unique_ptr<ShardReader> ShardCopies::Open(const std::string& uuid) {
  const fs::path file = FileOf(uuid);
  if (file.empty() || !IsThere(uuid, file)) {
    return nullptr;
  }
  try {
    return OpenCopy(file, uuid);
  } catch (const Error& fault) {
    Reject(uuid, fault);
    return nullptr;
  }
}

void ShardCopies::Reject(const std::string& uuid, const Error& fault) {
  const fs::path file = FileOf(uuid);
  const std::lock_guard<std::mutex> lock(mutex_);
  seen_[uuid].rejected = MarkOf(file);
  struct stat status {};
  if (fault.kind() == ErrorKind::kInput && stat(file.c_str(), &status) == 0 &&
      status.st_uid == geteuid()) {
    unlink(file.c_str());
  }
  const std::string text = fmt::format(
      "a copy of a shard is not used, as it is damaged or unreadable: {}; its frames "
      "come from the shared folder",
      fault.what());
  if (has_told_) {
    LogDebug(text);
  } else {
    LogWarn(text + ". Further copies that are not used are not reported");
  }
  has_told_ = true;
}

std::unique_ptr<ShardReader> OpenCopy(const fs::path& file, const std::string& uuid) {
  auto reader = std::make_unique<ShardReader>(file);
  if (reader->uuid() != uuid) {
    throw InputError(
        fmt::format("{}: has the content {}, and not {}", file.string(), reader->uuid(), uuid));
  }
  return reader;
}

}  // namespace reel3d
