// Options that decide which videos share a shard (lib/shard/shard_plan.h). pack-shards and
// pack-videos make the same shards if these options are the same.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "lib/base/option_binder.h"

namespace reel3d {

struct PackingOptions {
  int64_t shard_size = 1024;  // MiB
  int64_t group_videos = 0;   // rows of the manifest; 0: no groups
  std::string classes;

  // Binds --shard-size, --group-videos (at least `least_group_videos`) and --classes.
  void Bind(OptionBinder& binder, int64_t least_group_videos) {
    binder.Bind("shard-size", &shard_size, {1, 1 << 20},
                "MiB of prepared videos that go into one shard; a larger video gets a shard of its "
                "own. The trainer keeps the shards open, as many as the system allows");
    binder.Bind("group-videos", &group_videos, {least_group_videos, 1'000'000},
                "start a new shard after every so many rows of the manifest; rows of one file that "
                "stand together stay together. pack-videos and pack-shards make the same shards "
                "with the same value. 0, for pack-shards alone: shards are cut by size only");
    binder.Bind("classes", &classes,
                "file of class names, one per line. Empty: classes.txt beside the manifest");
  }
  uint64_t shard_size_bytes() const { return static_cast<uint64_t>(shard_size) << 20; }
  std::filesystem::path ClassesBeside(const std::filesystem::path& manifest_folder) const {
    return classes.empty() ? manifest_folder / "classes.txt" : std::filesystem::path(classes);
  }
};

}  // namespace reel3d
