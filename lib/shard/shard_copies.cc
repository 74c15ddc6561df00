// SPDX-License-Identifier: Apache-2.0
#include "lib/shard/shard_copies.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "lib/base/log.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

// HDF5 may call a file damaged if the system had no descriptor or no memory for it.
bool IsReadable(const fs::path& file) {
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  char byte = 0;
  const bool is_readable = descriptor >= 0 && read(descriptor, &byte, 1) >= 0;
  if (descriptor >= 0) {
    close(descriptor);
  }
  return is_readable;
}

}  // namespace

std::optional<CopyMark> TrustedMark(const fs::path& file) {
  struct stat status {};
  if (lstat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode) ||
      (status.st_uid != geteuid() && status.st_uid != 0) ||
      (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return std::nullopt;
  }
  return CopyMark{status.st_dev, status.st_ino,
                  int64_t{status.st_ctim.tv_sec} * 1'000'000'000 + status.st_ctim.tv_nsec,
                  status.st_uid};
}

fs::path ShardCopies::FileOf(const std::string& uuid) const {
  constexpr size_t kUuidChars = 36;
  const auto is_of_uuid = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '-';
  };
  const bool is_uuid =
      uuid.size() == kUuidChars && std::all_of(uuid.begin(), uuid.end(), is_of_uuid);
  return is_uuid ? folder_ / (uuid + ".h5") : fs::path();
}

std::optional<CopyMark> ShardCopies::Look(const std::string& uuid, const fs::path& file) {
  constexpr double kBetweenLooks_s = 1;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const Seen& seen = seen_[uuid];
    if (seen.since_look && seen.since_look->Seconds() < seen.pause_s) {
      return std::nullopt;
    }
  }
  const std::optional<CopyMark> mark = TrustedMark(file);
  const std::lock_guard<std::mutex> lock(mutex_);
  Seen& seen = seen_[uuid];
  if (mark && !(mark == seen.rejected)) {
    return mark;
  }
  seen.since_look.emplace();
  seen.pause_s = kBetweenLooks_s;
  return std::nullopt;
}

std::optional<ShardCopies::Copy> ShardCopies::Open(const std::string& uuid) {
  const fs::path file = FileOf(uuid);
  const std::optional<CopyMark> mark = file.empty() ? std::nullopt : Look(uuid, file);
  if (!mark) {
    return std::nullopt;
  }
  try {
    return Copy{OpenCopy(file, uuid), *mark};
  } catch (const Error& fault) {
    Reject(uuid, *mark, fault);
    return std::nullopt;
  }
}

void ShardCopies::Reject(const std::string& uuid, const CopyMark& mark, const Error& fault) {
  constexpr double kUntilItMayHavePassed_s = 60;
  const fs::path file = FileOf(uuid);
  const bool is_damaged = fault.kind() == ErrorKind::kInput && IsReadable(file);
  if (is_damaged && mark.owner == geteuid() && TrustedMark(file) == mark) {
    unlink(file.c_str());
  }
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    Seen& seen = seen_[uuid];
    if (is_damaged) {
      seen.rejected = mark;
    } else {
      seen.since_look.emplace();
      seen.pause_s = kUntilItMayHavePassed_s;
    }
  }
  Log(fault);
}

void ShardCopies::Log(const Error& fault) {
  const std::string text = fmt::format(
      "a copy of a shard is not used, as it is damaged or unreadable: {}; its frames "
      "come from the shared folder",
      fault.what());
  if (has_told_.exchange(true)) {
    LogDebug(text);
  } else {
    LogWarn(text + ". Further copies that are not used are not reported");
  }
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
