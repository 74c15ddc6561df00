// SPDX-License-Identifier: Apache-2.0
#include "lib/model/batch_norm_cpu.h"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "lib/model/batch_norm_formulas.h"
#include "lib/model/channel_rows.h"
#include "lib/model/row_kernels.h"

namespace reel3d {
namespace {

using Group = c10::intrusive_ptr<c10d::ProcessGroup>;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Returns uninitialised values with channels last in memory. The tensor is not a view of rows,
// because callers may change it in place.
at::Tensor EmptyRowsLike(const at::Tensor& tensor) {
  std::vector<int64_t> strides(static_cast<size_t>(tensor.dim()));
  strides[1] = 1;
  int64_t stride = tensor.size(1);
  for (int64_t axis = tensor.dim() - 1; axis >= 0; --axis) {
    if (axis != 1) {
      strides[static_cast<size_t>(axis)] = stride;
      stride *= std::max<int64_t>(1, tensor.size(axis));
    }
  }
  return at::empty_strided(tensor.sizes(), strides, tensor.options());
}

std::vector<double> ToDoubles(const at::Tensor& values) {
  const at::Tensor doubles = values.detach().to(at::kDouble).contiguous();
  const auto* const first = doubles.const_data_ptr<double>();
  return {first, first + doubles.numel()};
}

template <class T>
std::vector<typename FactorOf<T>::Type> Factors(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

// Holds the factors of scale * (value - mean) + shift in the type of the kernels. `origin` is the
// mean, rounded to this type, and `shift` corrects the rounding.
template <class T>
struct Affine {
  using Factor = typename FactorOf<T>::Type;
  std::vector<Factor> origin, scale, shift;

  Affine(const double* mean, const std::vector<double>& scales, const std::vector<double>& shifts)
      : origin(mean, mean + scales.size()), scale(Factors<T>(scales)) {
    for (size_t c = 0; c < scales.size(); ++c) {
      shift.push_back(
          static_cast<Factor>(shifts[c] + scales[c] * (static_cast<double>(origin[c]) - mean[c])));
    }
  }
};

void AddOverRanks(const Group& group, std::vector<double>* values) {
  std::vector<at::Tensor> tensors{
      at::from_blob(values->data(), {static_cast<int64_t>(values->size())}, at::kDouble)};
  group->allreduce(tensors)->wait();
}

struct CpuStatistics {
  std::vector<double> mean, variance;  // the variance is the biased one
  double count = 0;                    // values per channel

  ChannelMoments<double> Of(size_t channel) const { return {mean[channel], variance[channel]}; }
  void Set(size_t channel, const ChannelMoments<double>& moments) {
    mean[channel] = moments.mean;
    variance[channel] = moments.variance;
  }
};

CpuStatistics StatisticsOf(const at::Tensor& input) {
  const Rows rows(input);
  const auto channels = static_cast<size_t>(rows.channels());
  CpuStatistics statistics = {std::vector<double>(channels), std::vector<double>(channels),
                              static_cast<double>(rows.rows())};
  if (rows.rows() == 0) {
    return statistics;
  }
  // Squares of the distance from the first row stay small, because this row lies near the mean.
  const std::vector<double> origin = ToDoubles(rows.FirstRow());
  const std::vector<double> sums = WithType(input, [&](auto type) {
    using T = decltype(type);
    return rows.Sum([&](int64_t first, int64_t count, double* to) {
      RowKernelsFor<T>().add_moments(rows.data<T>() + first, count, rows.channels(), origin.data(),
                                     to);
    });
  });
  for (size_t c = 0; c < channels; ++c) {
    statistics.Set(c, MomentsOf<double>({sums[c], sums[channels + c]}, statistics.count));
    statistics.mean[c] += origin[c];
  }
  return statistics;
}

CpuStatistics OverRanks(const CpuStatistics& own, const Group& group) {
  const size_t channels = own.mean.size();
  std::vector<double> sums(2 * channels + 1);
  for (size_t c = 0; c < channels; ++c) {
    const ChannelSums<double> of_channel = SumsOf(own.Of(c), own.count);
    sums[c] = of_channel.values;
    sums[channels + c] = of_channel.squares;
  }
  sums[2 * channels] = own.count;
  AddOverRanks(group, &sums);
  CpuStatistics all = own;
  all.count = sums[2 * channels];
  for (size_t c = 0; c < channels; ++c) {
    all.Set(c, MomentsOf<double>({sums[c], sums[channels + c]}, all.count));
  }
  return all;
}

void UpdateRunning(const CpuStatistics& statistics, const BatchNormCall& call) {
  if (statistics.count == 0 || (statistics.count == 1 && !call.group)) {
    return;
  }
  WithType(call.running_mean, [&](auto type) {
    using T = typename FactorOf<decltype(type)>::Type;
    T* const mean = MutableValuesOf<T>(call.running_mean);
    T* const variance = MutableValuesOf<T>(call.running_var);
    for (size_t c = 0; c < statistics.mean.size(); ++c) {
      const ChannelMoments<double> moved = MoveRunning<double>(
          {mean[c], variance[c]}, statistics.Of(c), statistics.count, call.momentum);
      mean[c] = static_cast<T>(moved.mean);
      variance[c] = static_cast<T>(moved.variance);
    }
  });
}

// Returns scale * (input - mean) + shift.
at::Tensor ScaleRows(const at::Tensor& input, const double* mean, const std::vector<double>& scale,
                     const std::vector<double>& shift) {
  const Rows rows(input);
  at::Tensor output = EmptyRowsLike(input);
  WithType(input, [&](auto type) {
    using T = decltype(type);
    const Affine<T> affine(mean, scale, shift);
    auto* const out = static_cast<T*>(output.mutable_data_ptr());
    rows.ForParts([&](int64_t /*part*/, int64_t first, int64_t count) {
      RowKernelsFor<T>().scale(rows.data<T>() + first, count, rows.channels(), affine.origin.data(),
                               affine.scale.data(), affine.shift.data(), out + first);
    });
  });
  return output;
}

// Returns two sums per channel: of the gradient, and of gradient * (input - mean).
std::vector<double> SumGradients(const Rows& gradients, const Rows& inputs, const at::Tensor& like,
                                 const double* mean) {
  return WithType(like, [&](auto type) {
    using T = decltype(type);
    return gradients.Sum([&](int64_t first, int64_t count, double* to) {
      RowKernelsFor<T>().add_gradients(gradients.data<T>() + first, inputs.data<T>() + first, count,
                                       inputs.channels(), mean, to);
    });
  });
}

struct CpuBatchNorm : torch::autograd::Function<CpuBatchNorm> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input,
                            const at::Tensor& weight, const at::Tensor& bias,
                            const CpuStatistics& statistics, const BatchNormCall& call) {
    const auto channels = static_cast<int64_t>(statistics.mean.size());
    const at::Tensor saved = at::empty({2, channels}, at::kDouble);  // mean, 1 / deviation
    std::vector<double> scale = ToDoubles(weight);
    auto* const mean = saved.mutable_data_ptr<double>();
    for (size_t c = 0; c < scale.size(); ++c) {
      const double inverse = 1 / std::sqrt(statistics.variance[c] + call.epsilon);
      mean[c] = statistics.mean[c];
      mean[scale.size() + c] = inverse;
      scale[c] *= inverse;
    }
    context->save_for_backward({input, weight, saved});
    context->saved_data["count"] = statistics.count;
    context->saved_data["is_training"] = call.is_training;
    if (call.group) {
      context->saved_data["group"] = call.group;
    }
    return ScaleRows(input, mean, scale, ToDoubles(bias));
  }

  // The gradients of weight and bias are this rank's own, as those of every other parameter are.
  static variable_list backward(AutogradContext* context, variable_list output_gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor& input = saved[0];
    const at::Tensor& gradient = output_gradients[0];
    const auto* const mean = saved[2].const_data_ptr<double>();
    const Rows gradients(gradient);
    const Rows inputs(input);
    std::vector<double> sums = SumGradients(gradients, inputs, input, mean);
    const auto type = saved[1].scalar_type();
    const at::Tensor of_both = at::from_blob(sums.data(), {2, inputs.channels()}, at::kDouble);
    const at::Tensor bias_gradient = of_both[0].to(type, /*non_blocking=*/false, /*copy=*/true);
    const at::Tensor weight_gradient = (of_both[1] * saved[2][1]).to(type);
    at::Tensor input_gradient;
    if (context->saved_data["is_training"].toBool()) {
      if (context->saved_data.count("group") > 0) {
        AddOverRanks(context->saved_data["group"].toCustomClass<c10d::ProcessGroup>(), &sums);
      }
      input_gradient =
          InputGradient(saved, gradients, inputs, sums, context->saved_data["count"].toDouble());
    } else {
      const at::Tensor scale = saved[1].to(at::kDouble) * saved[2][1];
      const std::vector<double> zeros(sums.size() / 2);
      input_gradient = ScaleRows(gradient, zeros.data(), ToDoubles(scale), zeros);
    }
    return {input_gradient, weight_gradient, bias_gradient, {}, {}};
  }

  static at::Tensor InputGradient(const variable_list& saved, const Rows& gradients,
                                  const Rows& inputs, const std::vector<double>& sums,
                                  double count) {
    const auto channels = static_cast<size_t>(inputs.channels());
    std::vector<double> of_gradient = ToDoubles(saved[1]);
    std::vector<double> of_input(channels);
    std::vector<double> shift(channels);
    const auto* const mean = saved[2].const_data_ptr<double>();
    const auto* const inverse_std = mean + channels;
    for (size_t c = 0; c < channels; ++c) {
      const double product = sums[channels + c] * inverse_std[c];
      const auto factors = FactorsOf(of_gradient[c], inverse_std[c], sums[c], product, count);
      of_gradient[c] = factors.of_output;
      of_input[c] = factors.of_input;
      shift[c] = factors.shift;
    }
    at::Tensor output = EmptyRowsLike(saved[0]);
    WithType(output, [&](auto type) {
      using T = decltype(type);
      const auto gradient_factors = Factors<T>(of_gradient);
      const Affine<T> affine(mean, of_input, shift);
      auto* const out = static_cast<T*>(output.mutable_data_ptr());
      inputs.ForParts([&](int64_t /*part*/, int64_t first, int64_t rows) {
        RowKernelsFor<T>().combine(gradients.data<T>() + first, inputs.data<T>() + first, rows,
                                   inputs.channels(), gradient_factors.data(), affine.scale.data(),
                                   affine.origin.data(), affine.shift.data(), out + first);
      });
    });
    return output;
  }
};

}  // namespace

at::Tensor BatchNormOnCpu(const at::Tensor& input, const BatchNormCall& call, double* num_values) {
  CpuStatistics statistics;
  {
    const at::NoGradGuard no_gradient;
    if (call.is_training) {
      statistics = StatisticsOf(input);
      if (call.group) {
        statistics = OverRanks(statistics, call.group);
      }
      UpdateRunning(statistics, call);
    } else {
      statistics = {ToDoubles(call.running_mean), ToDoubles(call.running_var), 0};
    }
  }
  *num_values = statistics.count;
  return CpuBatchNorm::apply(input, call.weight, call.bias, statistics, call);
}

}  // namespace reel3d
