// SPDX-License-Identifier: Apache-2.0
#include "lib/train/loop/precise_bn.h"

#include <torch/nn/module.h>

#include "lib/model/batch_norm.h"

namespace reel3d {

struct PreciseStatistics::Layer {
  explicit Layer(BatchNormImpl& layer)
      : batch_norm(layer),
        momentum(layer.momentum()),
        mean(layer.named_buffers()["running_mean"]),
        variance(layer.named_buffers()["running_var"]),
        count(layer.named_buffers()["num_batches_tracked"]),
        count_before(count.clone()),
        sum(at::zeros({2, mean.size(0)}, mean.options().dtype(at::kDouble))) {}

  BatchNormImpl& batch_norm;
  const double momentum;
  at::Tensor mean, variance, count;
  const at::Tensor count_before;
  at::Tensor sum;  // over clips, by channel: sum of values, sum of their squares
};

PreciseStatistics::PreciseStatistics(torch::nn::Module& network) {
  for (const auto& module : network.modules()) {
    auto* layer = module->as<BatchNormImpl>();
    if (layer != nullptr && layer->is_training()) {
      layers_.push_back(std::make_unique<Layer>(*layer));
      layer->SetMomentum(1);
    }
  }
}

PreciseStatistics::~PreciseStatistics() {
  for (const auto& layer : layers_) {
    layer->batch_norm.SetMomentum(layer->momentum);
  }
}

// Weighting by clips is enough, because all clips have the same number of values per channel.
void PreciseStatistics::Add(int64_t num_clips) {
  if (num_clips == 0) {
    return;  // the running statistics are still those of an earlier batch
  }
  const at::NoGradGuard no_grad;
  const auto weight = static_cast<double>(num_clips);
  for (const auto& layer : layers_) {
    const at::Tensor mean = layer->mean.to(at::kDouble);
    layer->sum[0].add_(mean, weight);
    layer->sum[1].add_(layer->variance.to(at::kDouble) + mean.square(), weight);
  }
  num_clips_ += weight;
}

void PreciseStatistics::Keep(const ProcessGroup& group) {
  const at::NoGradGuard no_grad;
  for (const auto& layer : layers_) {
    const at::Tensor own_clips = at::full({1}, num_clips_, layer->sum.options());
    const at::Tensor total = at::cat({layer->sum.flatten(), own_clips});
    AllReduceSum(group, total);
    const int64_t channels = layer->mean.size(0);
    const at::Tensor mean = total.narrow(0, 0, channels) / total[-1];
    const at::Tensor square = total.narrow(0, channels, channels) / total[-1];
    layer->mean.copy_(mean);
    layer->variance.copy_((square - mean.square()).clamp_min(0));
    layer->count.copy_(layer->count_before);
  }
}

}  // namespace reel3d
