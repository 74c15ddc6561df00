// SPDX-License-Identifier: Apache-2.0
#include "lib/model/batch_norm.h"

#include <torch/csrc/autograd/custom_function.h>
#include <torch/nn/module.h>

#include <tuple>
#include <utility>
#include <vector>

#include "lib/base/error.h"
#include "lib/model/batch_norm_cpu.h"
#include "lib/model/batch_norm_formulas.h"
#include "lib/model/channel_rows.h"
#include "lib/model/layer_watch.h"

namespace reel3d {
namespace {

using Group = c10::intrusive_ptr<c10d::ProcessGroup>;

// Holds statistics over the whole group, in double and on the tensors' device, so that nothing
// waits for a GPU.
struct Statistics {
  ChannelMoments<at::Tensor> moments;  // (C)
  at::Tensor count;                    // values per channel
};

void AllReduceSum(const Group& group, const at::Tensor& tensor) {
  std::vector<at::Tensor> tensors{tensor};
  group->allreduce(tensors)->wait();
}

// Returns a view of (C) `values` that broadcasts along the channels of `input`.
at::Tensor AlongChannels(const at::Tensor& values, const at::Tensor& input) {
  std::vector<int64_t> shape(static_cast<size_t>(input.dim()), 1);
  shape[1] = -1;
  return values.view(shape);
}

Statistics GroupStatistics(const at::Tensor& input, const at::Tensor& like, const Group& group) {
  const int64_t channels = input.size(1);
  const int64_t own_count = input.numel() / channels;
  at::Tensor sums = at::zeros({2 * channels + 1}, like.options().dtype(at::kDouble));
  if (own_count > 0) {
    // The zero tensors serve only to make the statistics float if the input is bfloat16.
    const auto [mean, variance] =
        at::batch_norm_update_stats(input, at::zeros_like(like), at::zeros_like(like), 0);
    const ChannelSums<at::Tensor> own = SumsOf<at::Tensor>(
        {mean.to(at::kDouble), variance.to(at::kDouble)}, static_cast<double>(own_count));
    sums.narrow(0, 0, channels).copy_(own.values);
    sums.narrow(0, channels, channels).copy_(own.squares);
    sums[2 * channels].fill_(own_count);
  }
  AllReduceSum(group, sums);
  const at::Tensor count = sums[2 * channels];
  return {MomentsOf<at::Tensor>({sums.narrow(0, 0, channels), sums.narrow(0, channels, channels)},
                                count),
          count};
}

// Returns (input - mean) / sqrt(variance + epsilon) * weight + bias, in one fused pass.
at::Tensor Normalize(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                     const at::Tensor& mean, const at::Tensor& variance, double epsilon) {
  return std::get<0>(at::native_batch_norm(input, weight, bias, mean, variance, /*training=*/false,
                                           /*momentum=*/0, epsilon));
}

struct GroupBatchNorm : torch::autograd::Function<GroupBatchNorm> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& input,
                            const at::Tensor& weight, const at::Tensor& bias,
                            const Statistics& statistics, double epsilon, const Group& group) {
    const auto type = weight.scalar_type();
    const at::Tensor mean = statistics.moments.mean.to(type);
    const at::Tensor variance = statistics.moments.variance.to(type);
    context->save_for_backward({input, weight, mean, variance, statistics.count});
    context->saved_data["epsilon"] = epsilon;
    context->saved_data["group"] = group;
    return input.numel() == 0 ? at::empty_like(input)
                              : Normalize(input, weight, bias, mean, variance, epsilon);
  }

  // The gradients of weight and bias are this rank's own, as those of every other parameter are.
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &input = saved[0], &weight = saved[1], &mean = saved[2], &variance = saved[3];
    const at::Tensor& gradient = gradients[0];
    const double epsilon = context->saved_data["epsilon"].toDouble();
    const at::Tensor inverse_std = (variance + epsilon).rsqrt();
    at::Tensor weight_gradient = at::zeros_like(weight);
    at::Tensor bias_gradient = at::zeros_like(weight);
    if (input.numel() > 0) {
      std::tie(std::ignore, weight_gradient, bias_gradient) =
          at::native_batch_norm_backward(gradient, input, weight, mean, variance, mean, inverse_std,
                                         /*train=*/true, epsilon, {false, true, true});
    }
    at::Tensor sums = at::stack({bias_gradient, weight_gradient}).to(at::kDouble);
    AllReduceSum(context->saved_data["group"].toCustomClass<c10d::ProcessGroup>(), sums);
    at::Tensor input_gradient = at::empty_like(input);
    if (input.numel() > 0) {
      const auto factors =
          FactorsOf<at::Tensor>(weight.to(at::kDouble), inverse_std, sums[0], sums[1], saved[4]);
      const auto in_type = [&](const at::Tensor& factor) {
        return factor.to(weight.scalar_type());
      };
      // Normalize() with variance 1 computes of_input * (input - mean) + shift.
      input_gradient = Normalize(input, in_type(factors.of_input), in_type(factors.shift), mean,
                                 at::ones_like(mean), /*epsilon=*/0)
                           .addcmul_(gradient, AlongChannels(in_type(factors.of_output), input));
    }
    return {input_gradient, weight_gradient, bias_gradient, {}, {}, {}};
  }
};

void UpdateRunning(const Statistics& statistics, double momentum, at::Tensor& mean,
                   at::Tensor& variance) {
  const at::NoGradGuard no_gradient;
  const ChannelMoments<at::Tensor> moved =
      MoveRunning<at::Tensor>({mean, variance}, statistics.moments, statistics.count, momentum);
  const at::Tensor has_values = statistics.count > 0;
  mean.copy_(at::where(has_values, moved.mean, mean));
  variance.copy_(at::where(has_values, moved.variance, variance));
}

}  // namespace

BatchNormImpl::BatchNormImpl(int64_t channels, const BatchNormOptions& options)
    : options_(options),
      weight_(register_parameter("weight", torch::ones({channels}))),
      bias_(register_parameter("bias", torch::zeros({channels}))),
      running_mean_(register_buffer("running_mean", torch::zeros({channels}))),
      running_var_(register_buffer("running_var", torch::ones({channels}))),
      num_batches_tracked_(
          register_buffer("num_batches_tracked", torch::zeros({}, torch::kInt64))) {}

BatchNormImpl::ScaleAndShift BatchNormImpl::BeAbsorbed() {
  absorbed_ = true;
  const at::Tensor scale = weight_ * (running_var_ + options_.epsilon).rsqrt();
  return {scale, bias_ - running_mean_ * scale};
}

at::Tensor BatchNormImpl::forward(const at::Tensor& input) {
  if (absorbed_) {
    REEL3D_CHECK(!is_training());
    return input;
  }
  at::Tensor output;
  if (HasKernelsFor(input, weight_) && (is_training() || at::GradMode::is_enabled())) {
    output = NormalizedOnCpu(input);
  } else if (input.is_cuda() && input.dim() == 5 &&
             input.is_contiguous(at::MemoryFormat::ChannelsLast3d)) {
    // torch has faster kernels for pictures than for clips. Both have the same memory.
    const at::Tensor pictures = input.transpose(1, 2).flatten(0, 1);
    output = Normalized(pictures).unflatten(0, {input.size(0), input.size(2)}).transpose(1, 2);
  } else {
    output = Normalized(input);
  }
  LayerWatch::NoteBatchNorm(input, weight_, output);
  return output;
}

at::Tensor BatchNormImpl::NormalizedOnCpu(const at::Tensor& input) {
  double num_values = 0;
  const at::Tensor output =
      BatchNormOnCpu(input,
                     {weight_, bias_, running_mean_, running_var_, options_.epsilon,
                      options_.momentum, is_training(), group_},
                     &num_values);
  if (num_values > (group_ ? 0 : 1)) {
    num_batches_tracked_.add_(1);
  }
  return output;
}

at::Tensor BatchNormImpl::Normalized(const at::Tensor& input) {
  if (is_training() && group_) {
    Statistics statistics;
    {
      const at::NoGradGuard no_gradient;
      statistics = GroupStatistics(input, running_mean_, group_);
    }
    UpdateRunning(statistics, options_.momentum, running_mean_, running_var_);
    num_batches_tracked_.add_((statistics.count > 0).to(at::kLong));
    return GroupBatchNorm::apply(input, weight_, bias_, statistics, options_.epsilon, group_);
  }
  if (is_training() && input.numel() == input.size(1)) {
    // One value per channel has no variance, and the running variance would become NaN.
    return at::batch_norm(input, weight_, bias_, {}, {}, /*training=*/true, options_.momentum,
                          options_.epsilon, /*cudnn_enabled=*/true);
  }
  if (is_training() && input.numel() > 0) {
    num_batches_tracked_.add_(1);
  }
  return at::batch_norm(input, weight_, bias_, running_mean_, running_var_, is_training(),
                        options_.momentum, options_.epsilon, /*cudnn_enabled=*/true);
}

void SynchronizeBatchNorms(torch::nn::Module& module, const Group& group) {
  for (const auto& part : module.modules()) {
    if (auto* batch_norm = part->as<BatchNormImpl>()) {
      batch_norm->Synchronize(group);
    }
  }
}

}  // namespace reel3d
