// SPDX-License-Identifier: Apache-2.0
#include "lib/model/bias_gradient.h"

#include <torch/csrc/autograd/custom_function.h>

#include <vector>

#include "lib/model/channel_rows.h"

namespace reel3d {
namespace {

at::Tensor SumsOfChannels(const at::Tensor& values, at::ScalarType type) {
  const Rows rows(values);
  const std::vector<double> origins(static_cast<size_t>(rows.channels()));
  std::vector<double> sums = WithType(values, [&](auto kind) {
    using T = decltype(kind);
    return rows.Sum([&](int64_t first, int64_t count, double* to) {
      RowKernelsFor<T>().add_moments(rows.data<T>() + first, count, rows.channels(), origins.data(),
                                     to);
    });
  });
  return at::from_blob(sums.data(), {rows.channels()}, at::kDouble)
      .to(type, /*non_blocking=*/false, /*copy=*/true);
}

struct BiasGradient : torch::autograd::Function<BiasGradient> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& output,
                            const at::Tensor& bias) {
    context->mark_dirty({output});
    context->saved_data["type"] = static_cast<int64_t>(bias.scalar_type());
    return output;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto type = static_cast<at::ScalarType>(context->saved_data["type"].toInt());
    return {gradients[0], SumsOfChannels(gradients[0], type)};
  }
};

}  // namespace

at::Tensor WithBiasGradient(const at::Tensor& output, const at::Tensor& bias) {
  return BiasGradient::apply(output, bias);
}

}  // namespace reel3d
