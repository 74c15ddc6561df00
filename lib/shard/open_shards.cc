// SPDX-License-Identifier: Apache-2.0
#include "lib/shard/open_shards.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>

#include "lib/base/log.h"
#include "lib/base/plural.h"

namespace reel3d {

OpenShard::OpenShard(const ShardReader& reader, std::optional<CopyMark> copy_in)
    : frames(reader.frames()), first_frames(reader.table().first_frames), copy(copy_in) {
  frame_sizes.reserve(reader.table().videos.size());
  for (const ShardVideo& video : reader.table().videos) {
    frame_sizes.push_back({video.width, video.height});
  }
}

std::shared_ptr<OpenShards::Entry> OpenShards::FindEntry(int number) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto place = places_.find(number);
  if (place == places_.end()) {
    return nullptr;
  }
  uses_.splice(uses_.begin(), uses_, place->second.use);
  return place->second.entry;
}

std::shared_ptr<OpenShards::Entry> OpenShards::EntryOf(int number) {
  if (std::shared_ptr<Entry> entry = FindEntry(number)) {
    return entry;
  }
  std::shared_ptr<Entry> oldest;  // its file is closed when the mutex is free again
  const std::lock_guard<std::mutex> lock(mutex_);
  if (const auto place = places_.find(number); place != places_.end()) {
    return place->second.entry;
  }
  if (places_.size() >= most_) {
    if (!has_told_) {
      has_told_ = true;
      LogWarn(fmt::format(
          "more than {} are in use, and no more may be open at once, so they are closed and opened "
          "again, which is slower: raise the limit of open files (ulimit -n)",
          Count(static_cast<int64_t>(most_), "shard")));
    }
    const auto last = places_.find(uses_.back());
    oldest = std::move(last->second.entry);
    places_.erase(last);
    uses_.pop_back();
  }
  uses_.push_front(number);
  return places_.emplace(number, Place{std::make_shared<Entry>(), uses_.begin()})
      .first->second.entry;
}

OpenShards::Handle OpenShards::Get(int number, const Choose& choose) {
  const std::shared_ptr<Entry> entry = EntryOf(number);
  const std::lock_guard<std::mutex> lock(entry->choosing);
  entry->shard = choose(entry->shard);
  return entry->shard;
}

OpenShards::Handle OpenShards::Find(int number) {
  const std::shared_ptr<Entry> entry = FindEntry(number);
  if (!entry) {
    return nullptr;
  }
  const std::unique_lock<std::mutex> lock(entry->choosing, std::try_to_lock);
  return lock.owns_lock() ? entry->shard : nullptr;
}

void OpenShards::Close(int number, const Handle& handle) {
  if (const std::shared_ptr<Entry> entry = FindEntry(number)) {
    const std::lock_guard<std::mutex> lock(entry->choosing);
    if (entry->shard == handle) {
      entry->shard = nullptr;
    }
  }
}

size_t AllowOpenShards(size_t wanted) {
  constexpr rlim_t kOtherFiles = 256;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return std::max<size_t>(1, wanted);
  }
  if (limit.rlim_cur < wanted + kOtherFiles) {
    rlimit raised = limit;
    raised.rlim_cur = std::min<rlim_t>(limit.rlim_max, wanted + kOtherFiles);
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) {
      limit = raised;
    }
  }
  const rlim_t others = std::min<rlim_t>(kOtherFiles, limit.rlim_cur / 2);
  return std::max<size_t>(1, std::min<size_t>(wanted, limit.rlim_cur - others));
}

}  // namespace reel3d
