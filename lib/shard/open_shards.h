// Keeps shards open for reading, and at most a given number of them: each has a descriptor, of
// which a process may have only so many. The shard that was not used for longest is closed first.
// The first time is logged, because opening a shard again is slow.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "lib/data/crop_plan.h"
#include "lib/shard/shard_copies.h"
#include "lib/shard/shard_frames.h"
#include "lib/shard/shard_reader.h"

namespace reel3d {

// The parts of a shard that reading frames needs.
struct OpenShard {
  // `copy` is the mark of the file if it is a copy on this node (ShardCopies).
  explicit OpenShard(const ShardReader& reader, std::optional<CopyMark> copy = std::nullopt);

  bool is_copy() const { return copy.has_value(); }

  std::shared_ptr<const ShardFrames> frames;
  std::vector<uint64_t> first_frames;  // for each video of the shard
  std::vector<FrameSize> frame_sizes;  // for each video of the shard
  std::optional<CopyMark> copy;
};

// Any thread may call the methods.
class OpenShards {
 public:
  // A shard stays readable while somebody has its handle, also after it was closed here.
  using Handle = std::shared_ptr<const OpenShard>;
  // Gets the shard that is open, or null, and returns the one to be used from now on.
  using Choose = std::function<Handle(const Handle& open)>;

  // `most` is at least 1.
  explicit OpenShards(size_t most) : most_(most) {}

  // Returns the shard that `choose` returns. For each shard, `choose` runs in one thread at a time.
  // If it throws, the shard stays as it was.
  Handle Get(int number, const Choose& choose);

  // Returns the shard, or null if it is not open or another thread is opening it.
  Handle Find(int number);

  // Closes the shard if `handle` is the one in use.
  void Close(int number, const Handle& handle);

 private:
  struct Entry {
    std::mutex choosing;  // guards `shard`
    Handle shard;
  };
  struct Place {
    std::shared_ptr<Entry> entry;
    std::list<int>::iterator use;
  };

  std::shared_ptr<Entry> FindEntry(int number);
  std::shared_ptr<Entry> EntryOf(int number);

  const size_t most_;
  std::mutex mutex_;     // guards the members below; it is never held while a shard is opened
  std::list<int> uses_;  // numbers of the entries, the one used last at the front
  std::unordered_map<int, Place> places_;
  bool has_told_ = false;  // that too few may be open
};

// Raises this process's limit of open files for `wanted` shards, as far as the system allows it.
// Returns how many shards may be open, at least 1; other files have room beside them.
size_t AllowOpenShards(size_t wanted);

}  // namespace reel3d
