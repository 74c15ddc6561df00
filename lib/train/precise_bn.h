// Batch norm's running statistics taken anew, over many clips and with one and the same weights:
// the moving average of training lags behind them and forgets all but the last steps. "Precise BN",
// Wu and Johnson 2021, Rethinking "Batch" in BatchNorm, section 3.
//
//   PreciseStatistics statistics(*network);   // network in training mode, no gradients
//   for each batch: network->forward(clips); statistics.Add(clips.size(0));
//   statistics.Keep(group);
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "lib/dist/process_group.h"

namespace reel3d {

class BatchNormImpl;

class PreciseStatistics {
 public:
  // Of those batch norms that are in training mode; until Keep(), their running statistics are
  // those of the batch that was forwarded last. `network` must outlive this.
  explicit PreciseStatistics(torch::nn::Module& network);
  ~PreciseStatistics();
  PreciseStatistics(const PreciseStatistics&) = delete;
  PreciseStatistics& operator=(const PreciseStatistics&) = delete;

  // After a forward of `num_clips` clips of this rank, which may be none.
  void Add(int64_t num_clips);

  // Mean and variance over all clips of all ranks become the running ones; counts of batches stay
  // what they were. Needs a clip on some rank. Collective.
  void Keep(const ProcessGroup& group);

 private:
  struct Layer;

  std::vector<std::unique_ptr<Layer>> layers_;
  double num_clips_ = 0;
};

}  // namespace reel3d
