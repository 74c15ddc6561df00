// Holds the network in training and everything that a step changes: the weights, their moving
// average, the optimizer's momentum, batch norm's statistics.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lib/base/error.h"
#include "lib/dist/data_parallel.h"
#include "lib/dist/process_group.h"
#include "lib/dist/world.h"
#include "lib/model/network.h"
#include "lib/model/weights.h"
#include "lib/train/checkpoint/checkpoint.h"
#include "lib/train/loop/optimizer.h"
#include "lib/train/loop/weight_average.h"
#include "lib/train/train_options.h"

namespace reel3d {

class Learner {
 public:
  // Draws random weights for the network and moves the network to the device. `batch_sizes` are the
  // numbers of clips that this rank computes at once. Collective. `options` must outlive this
  // object.
  Learner(const TrainOptions& options, int num_classes, const std::set<int64_t>& batch_sizes,
          const World& world, ProcessGroup group, at::Device device);

  // Loads a checkpoint's weights and momentum. Throws an input error that names what does not fit.
  void LoadCheckpoint(const std::filesystem::path& checkpoint);
  // Copies rank 0's weights to all ranks, and averages gradients over the ranks from here on. Call
  // it once, after the weights are loaded. Collective.
  void JoinRanks();

  Network& network() { return network_; }
  // Returns the network that is validated and saved as the model: the average if there is one.
  Network& Judged() { return average_ ? *average_ : network_; }
  DataParallel& parallel() { return *parallel_; }
  // Returns batch norm's running statistics in the network.
  const std::vector<at::Tensor>& statistics() const { return statistics_; }
  int64_t NumParameters() const { return CountParameters(*network_); }
  int64_t num_frozen() const { return num_frozen_; }  // number of values
  // Returns the norm over all parameters. Waits for the device.
  double WeightNorm() const;

  // Puts a network into training mode; frozen layers keep their statistics if the options say so.
  void SetTraining(Network& network) const;
  // Scales gradients down to a norm of at most --clip-norm. Returns their norm before scaling: a
  // scalar on the device.
  at::Tensor ClipGradients() { return optimizer_.ClipGradients(); }
  // Takes a step with the gradients. If `is_first`, the average becomes a copy of the weights after
  // this step.
  void Step(double lr, bool is_first);
  // Copies the main rank's buffers to all ranks. With --bn local each rank has its own statistics;
  // those of the main rank are validated and saved. Collective.
  void KeepMainStatistics();

  // Copies weights and momentum for a checkpoint, so that it shares no memory with the training.
  // Throws a failure that names the tensor and `epoch` if a weight is not finite.
  CheckpointContents Copy(int epoch);

 private:
  void SetUpAverage();

  const TrainOptions& options_;
  const ProcessGroup group_;
  Network network_;
  std::optional<Network> average_;               // with --ema-decay
  std::optional<WeightAverage> weight_average_;  // updates `average_`
  std::vector<at::Tensor> statistics_;
  const int64_t num_frozen_;  // set before the optimizer, which skips frozen parameters
  Optimizer optimizer_;
  std::unique_ptr<DataParallel> parallel_;  // destroyed before its group
};

// Returns the failure of a run in which `what` is not finite any more.
Error Diverged(const std::string& what, int epoch);

}  // namespace reel3d
