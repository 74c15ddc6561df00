// Copies the shards to a disk of each node while the ranks train (--stage-to).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "lib/dist/world.h"
#include "lib/shard/shard_copier.h"
#include "lib/shard/shard_set.h"
#include "lib/train/checkpoint/position.h"
#include "lib/train/loop/epoch_data.h"
#include "lib/train/train_options.h"

namespace reel3d {

// Throws a usage error if the folder of --stage-to is or lies in SHARDS_DIR or RUN_DIR. Warns if it
// is on the disk of SHARDS_DIR.
void CheckStage(const TrainOptions& options);

// Begins to copy the shards on the first rank of each host, in the order in which the host's ranks
// need them from `position` on. Returns null on other ranks, if nothing is to be copied, or if all
// epochs are done. `shards` and `data` must outlive the copier. Collective.
std::unique_ptr<ShardCopier> BeginStaging(const TrainOptions& options, const World& world,
                                          const ShardSet& shards, const EpochData& data,
                                          const Position& position);

}  // namespace reel3d
