// Compares batch norm on a CPU with float64: statistics, output and gradients.
// SPDX-License-Identifier: Apache-2.0
#include "lib/model/batch_norm.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <hwy/targets.h>
#include <torch/types.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "lib/model/conv_unit.h"

namespace reel3d {
namespace {

enum class Layout { kContiguous, kChannelsLast, kEverySecondFrame };

struct Shape {
  std::vector<int64_t> sizes;
  Layout layout;
};

// Holds the results of a layer for a batch, in double.
struct Pass {
  at::Tensor mean, variance;  // running statistics after the pass
  at::Tensor output, input_gradient, weight_gradient, bias_gradient;
};

at::Tensor Lay(const at::Tensor& values, Layout layout) {
  if (layout == Layout::kContiguous) {
    return values.contiguous();
  }
  const at::Tensor last = values.movedim(1, -1).contiguous().movedim(-1, 1);
  if (layout == Layout::kChannelsLast) {
    return last;
  }
  return at::repeat_interleave(last, 2, 2).slice(2, 0, std::nullopt, 2);
}

// Values like those of a convolution: the means are not zero, and the gradient depends on the
// values.
struct Batch {
  explicit Batch(const std::vector<int64_t>& sizes, at::ScalarType type = at::kFloat) {
    at::Generator generator = at::detail::createCPUGenerator(5);
    const at::Tensor noise = at::randn(sizes, generator, at::kFloat);
    input = (noise + 0.3).to(type);
    gradient = (0.1 * at::randn(sizes, generator, at::kFloat) + 0.02 * noise + 0.03).to(type);
    weight = at::rand({sizes[1]}, generator, at::kFloat) + 0.5;
    bias = at::randn({sizes[1]}, generator, at::kFloat);
  }
  at::Tensor input, gradient, weight, bias;
};

Pass OurPass(const Batch& batch, Layout layout, bool is_training = true) {
  BatchNormOptions options;
  options.momentum = 1;  // the statistics are those of the batch
  BatchNorm layer(batch.weight.size(0), options);
  layer->to(batch.input.scalar_type() == at::kDouble ? at::kDouble : at::kFloat);
  layer->train(is_training);
  auto parameters = layer->named_parameters();
  {
    const at::NoGradGuard no_gradient;
    parameters["weight"].copy_(batch.weight);
    parameters["bias"].copy_(batch.bias);
  }
  const at::Tensor input = Lay(batch.input.detach(), layout).requires_grad_();
  const at::Tensor output = layer->forward(input);
  output.backward(Lay(batch.gradient, layout));
  const auto in_double = [](const at::Tensor& value) { return value.detach().to(at::kDouble); };
  return {in_double(layer->named_buffers()["running_mean"]),
          in_double(layer->named_buffers()["running_var"]),
          in_double(output),
          in_double(input.grad()),
          in_double(parameters["weight"].grad()),
          in_double(parameters["bias"].grad())};
}

// Computes the formulas in float64 from the same values.
Pass ExactPass(const Batch& batch, bool is_training = true) {
  const at::Tensor rows = batch.input.to(at::kDouble).movedim(1, -1).flatten(0, -2);
  const at::Tensor gradient = batch.gradient.to(at::kDouble).movedim(1, -1).flatten(0, -2);
  Pass pass;
  pass.mean = is_training ? rows.mean(0) : at::zeros({rows.size(1)}, at::kDouble);
  const at::Tensor biased = is_training ? rows.var(0, /*unbiased=*/false) : pass.mean + 1;
  pass.variance = is_training ? rows.var(0, /*unbiased=*/true) : biased;
  const at::Tensor inverse = (biased + 1e-5).rsqrt();
  const at::Tensor normal = (rows - pass.mean) * inverse;
  const at::Tensor weight = batch.weight.to(at::kDouble);
  pass.weight_gradient = (gradient * normal).sum(0);
  pass.bias_gradient = gradient.sum(0);
  at::Tensor input_gradient = gradient;
  if (is_training) {
    input_gradient = gradient - gradient.mean(0) - normal * (gradient * normal).mean(0);
  }
  const auto as_input = [&](const at::Tensor& values) {
    std::vector<int64_t> sizes = batch.input.movedim(1, -1).sizes().vec();
    return values.view(sizes).movedim(-1, 1);
  };
  pass.output = as_input(normal * weight + batch.bias.to(at::kDouble));
  pass.input_gradient = as_input(input_gradient * inverse * weight);
  return pass;
}

double WorstRatio(const at::Tensor& found, const at::Tensor& exact) {
  return (found / exact - 1).abs().max().item<double>();
}

double Difference(const at::Tensor& found, const at::Tensor& exact) {
  return ((found - exact).norm() / exact.norm()).item<double>();
}

void ExpectExact(const Pass& found, const Pass& exact, double sums, double values) {
  EXPECT_LE(WorstRatio(found.variance, exact.variance), sums);
  EXPECT_LE(((found.mean - exact.mean) / exact.variance.sqrt()).abs().max().item<double>(), sums);
  EXPECT_LE(WorstRatio(found.weight_gradient, exact.weight_gradient), sums);
  EXPECT_LE(WorstRatio(found.bias_gradient, exact.bias_gradient), sums);
  EXPECT_LE(Difference(found.output, exact.output), values);
  EXPECT_LE(Difference(found.input_gradient, exact.input_gradient), values);
}

class BatchNormShapes : public testing::TestWithParam<Shape> {};

TEST_P(BatchNormShapes, Float32IsExact) {
  const Batch batch(GetParam().sizes);
  const Pass found = OurPass(batch, GetParam().layout);
  const Pass exact = ExactPass(batch);
  RecordProperty("variance_off_by", std::to_string(WorstRatio(found.variance, exact.variance)));
  ExpectExact(found, exact, 1e-6, 1e-6);
}

TEST_P(BatchNormShapes, Float64IsExact) {
  const Batch batch(GetParam().sizes, at::kDouble);
  ExpectExact(OurPass(batch, GetParam().layout), ExactPass(batch), 1e-12, 1e-12);
}

// The layer rounds its output to bfloat16, but not its sums.
TEST_P(BatchNormShapes, BFloat16HasExactStatistics) {
  const Batch batch(GetParam().sizes, at::kBFloat16);
  const Pass exact = ExactPass(batch);
  const Pass found = OurPass(batch, GetParam().layout);
  ExpectExact(found, exact, 1e-6, 1.0 / 256);
  EXPECT_LE(((found.output - exact.output).abs() / exact.output.abs().clamp_min(1e-3))
                .max()
                .item<double>(),
            1.01 / 256)
      << "half a unit in the last place, and what rounding before it adds";
}

TEST_P(BatchNormShapes, FrozenStatisticsHaveExactGradients) {
  const Batch batch(GetParam().sizes);
  ExpectExact(OurPass(batch, GetParam().layout, /*is_training=*/false),
              ExactPass(batch, /*is_training=*/false), 1e-6, 1e-6);
}

// Sums have the same parts for any number of threads, so the results have the same bits.
TEST_P(BatchNormShapes, ThreadsChangeNothing) {
  const Batch batch(GetParam().sizes);
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const Pass alone = OurPass(batch, GetParam().layout);
  for (const int threads : {2, 3, 5}) {
    at::set_num_threads(threads);
    const Pass found = OurPass(batch, GetParam().layout);
    EXPECT_TRUE(found.variance.equal(alone.variance));
    EXPECT_TRUE(found.output.equal(alone.output));
    EXPECT_TRUE(found.input_gradient.equal(alone.input_gradient));
    EXPECT_TRUE(found.weight_gradient.equal(alone.weight_gradient));
  }
  at::set_num_threads(before);
}

// Shapes of layers from the first to the last, with full and partial vectors of channels. For the
// first three, torch's own kernels have errors of 1e-4 and more.
INSTANTIATE_TEST_SUITE_P(Layers, BatchNormShapes,
                         testing::Values(Shape{{8, 4, 16, 56, 56}, Layout::kChannelsLast},
                                         Shape{{384, 1, 4, 28, 28}, Layout::kChannelsLast},
                                         Shape{{1, 64, 16, 28, 28}, Layout::kChannelsLast},
                                         Shape{{8, 4, 16, 28, 28}, Layout::kContiguous},
                                         Shape{{3, 13, 4, 14, 14}, Layout::kEverySecondFrame},
                                         Shape{{2, 110, 4, 14, 14}, Layout::kChannelsLast},
                                         Shape{{32, 512, 1, 4, 4}, Layout::kChannelsLast},
                                         Shape{{384, 37}, Layout::kContiguous}));

// Channel 0 is constant, and channel 1 has a mean much larger than its deviation.
TEST(BatchNormOnCpu, MeansMayBeFarFromZero) {
  Batch batch({4, 3, 8, 14, 14}, at::kDouble);
  batch.input.select(1, 0).fill_(1e4 / 3);
  batch.input.select(1, 1).mul_(1e-3).add_(1e4);
  const Pass found = OurPass(batch, Layout::kChannelsLast);
  const Pass exact = ExactPass(batch);
  EXPECT_EQ(found.variance[0].item<double>(), 0);
  EXPECT_NEAR(found.variance[1].item<double>() / exact.variance[1].item<double>(), 1, 1e-8);
  EXPECT_NEAR(found.mean[1].item<double>() / exact.mean[1].item<double>(), 1, 1e-13);
}

// Values that are not finite must stay visible, so that the trainer notices a bad step.
TEST(BatchNormOnCpu, WhatIsNoNumberStaysSo) {
  for (const double value :
       {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    for (const auto type : {at::kFloat, at::kBFloat16, at::kDouble}) {
      Batch batch({2, 3, 4, 5, 5}, type);
      batch.input[1][1][2][3][3] = value;
      const Pass found = OurPass(batch, Layout::kChannelsLast);
      EXPECT_FALSE(std::isfinite(found.variance[1].item<double>()));
      EXPECT_TRUE(std::isfinite(found.variance[0].item<double>()));
      EXPECT_FALSE(found.output[0][1][0][0][0].isfinite().item<bool>());
      EXPECT_TRUE(found.output[0][2].isfinite().all().item<bool>());
    }
  }
}

TEST(BatchNormOnCpu, FewValuesLeaveStatisticsAlone) {
  for (const int64_t clips : {0, 1}) {
    const Batch batch({clips, 5, 1, 1, 1});
    const Pass found = OurPass(batch, Layout::kChannelsLast);
    EXPECT_EQ(found.mean.abs().sum().item<double>(), 0);
    EXPECT_EQ((found.variance - 1).abs().sum().item<double>(), 0);
    EXPECT_EQ(found.input_gradient.numel(), 5 * clips);
    EXPECT_EQ(found.weight_gradient.abs().sum().item<double>(), 0);
    if (clips == 1) {
      EXPECT_TRUE(found.output.flatten().equal(batch.bias.to(at::kDouble)));
    }
  }
}

// The operation after a layer may work in place, and the input may need no gradient.
TEST(BatchNormOnCpu, OutputMayBeChangedInPlace) {
  BatchNorm layer(3);
  layer->train();
  const Batch batch({2, 3, 4, 5, 5});
  const at::Tensor output = layer->forward(batch.input).relu_();
  output.sum().backward();
  EXPECT_GT(layer->named_parameters()["bias"].grad().min().item<double>(), 0);
  EXPECT_TRUE(output.is_contiguous(at::MemoryFormat::ChannelsLast3d));
}

// The gradient of a bias is a sum over the batch, like those of batch norm.
TEST(ConvolutionOnCpu, BiasHasAnExactGradient) {
  ConvolutionOptions options = {2, 3, 1};
  options.bias = true;
  Convolution convolution(options);
  const auto layout = at::MemoryFormat::ChannelsLast3d;
  at::Generator generator = at::detail::createCPUGenerator(5);
  const at::Tensor clips = at::rand({64, 2, 4, 28, 28}, generator, at::kFloat).contiguous(layout);
  const at::Tensor gradient =
      (0.1 * at::randn({64, 3, 4, 28, 28}, generator, at::kFloat) + 0.03).contiguous(layout);
  const at::Tensor output = convolution->forward(clips);
  EXPECT_LE(Difference(output.detach().to(at::kDouble),
                       at::conv3d(clips, convolution->weight, convolution->bias).to(at::kDouble)),
            1e-6);
  output.backward(gradient);
  const at::Tensor exact = gradient.to(at::kDouble).sum({0, 2, 3, 4});
  EXPECT_LE(WorstRatio(convolution->bias.grad().to(at::kDouble), exact), 1e-6);
}

// Tests each set of vector instructions that this processor has, and the portable code.
TEST(BatchNormOnCpu, EveryInstructionSetAgrees) {
  for (const int64_t channels : {1, 2, 3, 7, 8, 19, 33, 64}) {
    const Batch batch({2, channels, 3, 5, 5});
    const Pass exact = ExactPass(batch);
    for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
      hwy::SetSupportedTargetsForTest(target);
      SCOPED_TRACE(hwy::TargetName(target));
      ExpectExact(OurPass(batch, Layout::kChannelsLast), exact, 1e-6, 1e-6);
      const Batch rounded({2, channels, 3, 5, 5}, at::kBFloat16);
      ExpectExact(OurPass(rounded, Layout::kChannelsLast), ExactPass(rounded), 1e-6, 1.0 / 256);
    }
    hwy::SetSupportedTargetsForTest(0);
  }
}

}  // namespace
}  // namespace reel3d
