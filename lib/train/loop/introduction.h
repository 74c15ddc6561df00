// Says at the start of a run what is going to be trained, and how.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include "lib/shard/shard_set.h"
#include "lib/train/loop/epoch_data.h"
#include "lib/train/loop/learner.h"
#include "lib/train/train_options.h"

namespace reel3d {

struct Introduction {
  const TrainOptions& options;
  const ShardSet& shards;
  const EpochData& data;
  const Learner& learner;
  int num_ranks;
  at::Device device;
  int threads;  // of each rank
};

// Writes a few lines to the log: network, data, ranks, and unusual settings. Call it on the main
// rank.
void Introduce(const Introduction& run);

}  // namespace reel3d
