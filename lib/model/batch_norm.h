// Normalises batches over N, T, H and W. In training the statistics come from this rank's clips
// ("local", as in the paper) or from all ranks' clips ("sync").
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>

namespace reel3d {

struct BatchNormOptions {
  double epsilon = 1e-5;  // added to the variance
  double momentum = 0.1;  // share of a batch's statistics in the running ones
};

class BatchNormImpl : public torch::nn::Module {
 public:
  explicit BatchNormImpl(int64_t channels, const BatchNormOptions& options = {});

  // Takes (N, C, ...) of any floating type and returns the same shape and type. In training every
  // rank of a synchronised group must call forward(), and run backward, in the same order; a rank
  // without clips passes N = 0. The running statistics do not change if there are no clips
  // (locally, or in the complete group), or if local statistics have only one value per channel.
  at::Tensor forward(const at::Tensor& input);

  double momentum() const { return options_.momentum; }
  // Momentum 1 makes the running statistics those of the last batch.
  void SetMomentum(double momentum) { options_.momentum = momentum; }

  // Computes statistics over the ranks of `group`. Null: over this rank's clips alone.
  void Synchronize(c10::intrusive_ptr<c10d::ProcessGroup> group) { group_ = std::move(group); }

  // Returns the layer's effect on each channel in evaluation: output = scale * input + shift. From
  // here on the layer does nothing, because another layer does its work.
  struct ScaleAndShift {
    at::Tensor scale, shift;
  };
  ScaleAndShift BeAbsorbed();

 private:
  // Does the work of forward() on a CPU with our own kernels.
  at::Tensor NormalizedOnCpu(const at::Tensor& input);
  // Does the work of forward() with torch's kernels.
  at::Tensor Normalized(const at::Tensor& input);

  BatchNormOptions options_;
  at::Tensor weight_, bias_, running_mean_, running_var_, num_batches_tracked_;
  c10::intrusive_ptr<c10d::ProcessGroup> group_;
  bool absorbed_ = false;
};
TORCH_MODULE(BatchNorm);

// Makes every BatchNorm in `module` take its statistics over `group`; null makes them local. The
// arithmetic is the same for a group of one rank as for several. The group must outlive training.
void SynchronizeBatchNorms(torch::nn::Module& module,
                           const c10::intrusive_ptr<c10d::ProcessGroup>& group);

}  // namespace reel3d
