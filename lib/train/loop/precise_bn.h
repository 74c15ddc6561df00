// Recomputes batch norm's running statistics over many clips with fixed weights. The moving average
// of training lags behind the weights and covers only the last steps. Source: "Precise BN", Wu
// and Johnson 2021, Rethinking "Batch" in BatchNorm, section 3.
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
  // Handles the batch norms that are in training mode. Until Keep(), their running statistics are
  // those of the last batch. `network` must outlive this object.
  explicit PreciseStatistics(torch::nn::Module& network);
  ~PreciseStatistics();
  PreciseStatistics(const PreciseStatistics&) = delete;
  PreciseStatistics& operator=(const PreciseStatistics&) = delete;

  // Call it after a forward pass of `num_clips` clips of this rank; 0 is allowed.
  void Add(int64_t num_clips);

  // Sets the running statistics to mean and variance over all clips of all ranks; counts of batches
  // keep their values. At least one rank must have a clip. Collective.
  void Keep(const ProcessGroup& group);

 private:
  struct Layer;

  std::vector<std::unique_ptr<Layer>> layers_;
  double num_clips_ = 0;
};

}  // namespace reel3d
