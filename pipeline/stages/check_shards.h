// The stage behind check-shards: reads every byte of shards and lists the damaged ones.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/base/option_binder.h"
#include "pipeline/support/item_loop.h"

namespace reel3d {

struct CheckShardsOptions {
  std::vector<std::string> inputs;
  bool remove_damaged = false;
  int threads = 0;

  void Bind(OptionBinder& binder);
  void Check() const {}
};

struct CheckShardsReport {
  int64_t num_shards = 0;
  int64_t num_frames = 0;           // of undamaged shards
  uint64_t num_bytes = 0;           // of the frames of undamaged shards
  std::vector<FailedItem> damaged;  // id: the shard's path

  nlohmann::ordered_json ToJson() const;
};

// Checks shards, and all shards of folders: the table of each shard and the checksum of every
// frame. For a folder it also checks that the tables beside the shards are those that pack-shards
// wrote, and agree with each shard. Throws an input error if a file or folder does not exist, or if
// the tables of a folder are damaged or lost.
CheckShardsReport RunCheckShards(const CheckShardsOptions& options);

}  // namespace reel3d
