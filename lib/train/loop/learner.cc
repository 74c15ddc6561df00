// SPDX-License-Identifier: Apache-2.0
#include "lib/train/loop/learner.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/log.h"
#include "lib/model/batch_norm.h"
#include "lib/model/precision.h"
#include "lib/train/checkpoint/checkpoint_folder.h"
#include "lib/train/loop/finetune.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

NetworkOptions NetworkFor(const TrainOptions& options, int num_classes) {
  NetworkOptions network = options.network;
  network.num_classes = num_classes;
  return network;
}

// Returns contiguous copies on the CPU, in memory of their own.
NamedTensors Copies(const NamedTensors& tensors) {
  NamedTensors copies;
  for (const auto& [name, tensor] : tensors) {
    copies.emplace_back(
        name, tensor.detach().to(tensor.options().device(at::kCPU), /*non_blocking=*/false,
                                 /*copy=*/true, at::MemoryFormat::Contiguous));
  }
  return copies;
}

}  // namespace

Error Diverged(const std::string& what, int epoch) {
  return {ErrorKind::kFailed,
          fmt::format("{} of epoch {} is not finite: lower --lr; the last checkpoint is as it was",
                      what, epoch)};
}

Learner::Learner(const TrainOptions& options, int num_classes, const std::set<int64_t>& batch_sizes,
                 const World& world, ProcessGroup group, at::Device device)
    : options_(options),
      group_(std::move(group)),
      network_(MakeNetwork(NetworkFor(options, num_classes), static_cast<uint64_t>(options.seed))),
      num_frozen_(options.finetune.from.empty() ? 0
                                                : FreezeBefore(*network_, options.finetune.from)),
      optimizer_(*network_, options.sgd,
                 [&options, head = HeadOf(*network_)](const std::string& name) {
                   return RateFactor(options.finetune, head, name);
                 }) {
  network_->to(device);
  const auto safest = [&](int64_t own) { return world.Max(own); };
  const std::string kernels = UsePrecision(
      network_, options.precision, {options.clip.length, options.crop.size, batch_sizes}, safest);
  if (world.is_main() && !kernels.empty()) {
    LogInfo(kernels);
  }
  if (options.ema_decay > 0) {
    average_ = MakeNetwork(NetworkFor(options, num_classes), static_cast<uint64_t>(options.seed));
    (*average_)->to(device);
    SetUpAverage();
  }
  for (const at::Tensor& buffer : network_->buffers()) {
    if (buffer.is_floating_point()) {
      statistics_.push_back(buffer);
    }
  }
}

void Learner::SetUpAverage() {
  UsePrecisionOf(network_, *average_);
  weight_average_.emplace(**average_, *network_);
  (*average_)->eval();
  if (!options_.finetune.from.empty()) {
    FreezeBefore(**average_, options_.finetune.from);  // lets SetTraining() fix its statistics, too
  }
  if (options_.bn == BatchStatistics::kSync) {
    SynchronizeBatchNorms(**average_, group_);
  }
}

void Learner::LoadCheckpoint(const fs::path& checkpoint) {
  const std::string source = checkpoint.string();
  LoadStateDict(*Judged(), LoadTensors(checkpoint / CheckpointFiles::kModel), source);
  if (average_) {
    LoadStateDict(*network_, LoadTensors(checkpoint / CheckpointFiles::kUnaveraged), source);
  }
  optimizer_.Restore(LoadTensors(checkpoint / CheckpointFiles::kOptimizer));
}

void Learner::JoinRanks() {
  parallel_ = std::make_unique<DataParallel>(*network_, group_);
  if (options_.bn == BatchStatistics::kSync) {
    SynchronizeBatchNorms(*network_, group_);
  }
}

double Learner::WeightNorm() const {
  const at::NoGradGuard no_grad;
  return at::stack(at::_foreach_norm(network_->parameters())).norm().item<double>();
}

void Learner::SetTraining(Network& network) const {
  network->train();
  if (options_.finetune.bn == FrozenStatistics::kFixed) {
    FixFrozenStatistics(*network);
  }
}

void Learner::Step(double lr, bool is_first) {
  optimizer_.Step(lr);
  if (weight_average_) {
    weight_average_->Move(is_first ? 0 : options_.ema_decay);
  }
}

void Learner::KeepMainStatistics() {
  BroadcastFromMain(group_, network_->buffers());
  if (average_) {
    BroadcastFromMain(group_, (*average_)->buffers());
  }
}

CheckpointContents Learner::Copy(int epoch) {
  CheckpointContents contents;
  contents.model = Copies(StateDict(*Judged()));
  // Momentum needs no check: if it is not finite, the weights that it moved are not finite either.
  for (const auto& [name, tensor] : contents.model) {
    if (tensor.is_floating_point() && !tensor.isfinite().all().item<bool>()) {
      throw Diverged(name, epoch);
    }
  }
  if (average_) {
    contents.unaveraged = Copies(StateDict(*network_));
  }
  contents.optimizer = Copies(optimizer_.State());
  return contents;
}

}  // namespace reel3d
