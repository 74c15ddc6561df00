// Compares networks in bfloat16, and with batch norm absorbed into convolutions, with float32.
// SPDX-License-Identifier: Apache-2.0
#include "lib/model/precision.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <set>
#include <tuple>

#include "lib/base/error.h"
#include "tests/model/small_network.h"

namespace reel3d {
namespace {

using test::RelativeError;

Network Small(const std::string& model, at::ScalarType type = at::kFloat) {
  return test::MakeFilled(test::SmallNetwork(model, 0.125, ShortcutType::kB), type);
}

at::Tensor Clips(at::ScalarType type = at::kFloat) {
  return test::Noise("clips", {2, 3, 16, 96, 96}).to(type);
}

// The error of Python's autocast is 0.021 for the same I3D on the same clips, and less than 0.01
// for the other families. That of DenseNet's 120 convolutions with absorbed batch norm depends on
// the processor's kernels: 0.0096 with AVX512_BF16, 0.0106 with AMX.
double LogitsTolerance(const std::string& model) {
  return model == "i3d" ? 0.03 : model == "densenet" ? 0.02 : 0.01;
}

// cuDNN chooses kernels by the number of clips.
TEST(TrialSizes, AreAllSizesOfABatchOnAGpu) {
  const StepClips clips = {16, 112, {1, 37, 128}};
  EXPECT_EQ(TrialSizes(clips, at::kCUDA), (std::set<int64_t>{1, 37, 128}));
  EXPECT_EQ(TrialSizes(clips, at::kCPU), (std::set<int64_t>{2}));
  EXPECT_EQ(TrialSizes({16, 112}, at::kCUDA), (std::set<int64_t>{2}));  // this rank has no clips
}

class EveryFamily : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Networks, EveryFamily, testing::ValuesIn(ModelNames()));

TEST_P(EveryFamily, ComputesTheSameWithoutBatchNorm) {
  const at::NoGradGuard no_gradient;
  Network network = Small(GetParam(), at::kDouble);
  const at::Tensor before = network(Clips(at::kDouble));
  network->AbsorbBatchNorms();
  EXPECT_LE(RelativeError(network(Clips(at::kDouble)), before), 1e-12);
}

TEST_P(EveryFamily, HasTheSameLogitsInBfloat16) {
  const at::NoGradGuard no_gradient;
  Network network = Small(GetParam());
  const at::Tensor exact = network(Clips());
  EXPECT_NE(UsePrecision(network, {Precision::kBf16}, {16, 96}), "");
  const at::Tensor logits = network(Clips());
  EXPECT_EQ(logits.scalar_type(), at::kFloat);
  EXPECT_NE(RelativeError(logits, exact), 0) << "nothing was rounded";
  EXPECT_LE(RelativeError(logits, exact), LogitsTolerance(GetParam()));
  network->AbsorbBatchNorms();
  EXPECT_LE(RelativeError(network(Clips()), exact), LogitsTolerance(GetParam()));
}

// Each convolution rounds its output, and small outputs change their sign. Python's autocast has
// errors of the same size for the same networks and clips: 0.03 (r3d), 0.10 (c3d), 0.11 (r2p1d),
// 0.14 (wide), 0.16 (i3d). The next test checks the kernels one by one.
TEST_P(EveryFamily, HasGradientsInBfloat16) {
  Network network = Small(GetParam());
  const at::Tensor labels = at::arange(2, at::kLong);
  const auto gradients = [&] {
    network->zero_grad();
    at::cross_entropy_loss(network(Clips()), labels).backward();
    std::vector<at::Tensor> all;
    for (const auto& parameter : network->named_parameters()) {
      EXPECT_EQ(parameter.value().grad().scalar_type(), at::kFloat) << parameter.key();
      EXPECT_GT(parameter.value().grad().norm().item<double>(), 0) << parameter.key();
      all.push_back(parameter.value().grad().flatten());
    }
    return at::cat(all);
  };
  const at::Tensor exact = gradients();
  UsePrecision(network, {Precision::kBf16}, {16, 96});
  EXPECT_LE(RelativeError(gradients(), exact), 0.2);
}

const char* NameOf(Arithmetic arithmetic) {
  switch (arithmetic) {
    case Arithmetic::kBfloat16:
      return "bfloat16";
    case Arithmetic::kLongerBfloat16:
      return "bfloat16, one more frame";
    case Arithmetic::kFloat32:
      return "float32";
    default:
      return "as the weights";
  }
}

// The long form uses networks of their published size: REEL3D_TRIALS=20 (make precision-check).
TEST_P(EveryFamily, HasNoConvolutionThatIsWrongInBfloat16) {
  const char* const trials_text = std::getenv("REEL3D_TRIALS");
  const int trials = trials_text == nullptr ? 1 : std::stoi(trials_text);
  NetworkOptions options;
  options.model = GetParam();
  options.depth = options.model == "densenet" ? 121 : 50;
  const bool long_form = trials > 1;
  options.width = long_form ? 1 : 0.25;
  Network network = MakeNetwork(options);
  if (long_form && options.model == "i3d") {
    UsePrecision(network, {Precision::kBf16}, {64, 224});
  } else {
    UsePrecision(network, {Precision::kBf16}, {16, 112});
  }
  std::set<std::tuple<std::vector<int64_t>, std::vector<int64_t>, std::vector<int64_t>>> tried;
  std::map<Arithmetic, double> worst;
  for (const ConvolutionImpl* convolution : ConvolutionsOf(*network)) {
    const auto& stride = *convolution->options.stride();
    if (!tried
             .insert({convolution->input_sizes(),
                      convolution->weight.sizes().vec(),
                      {stride.begin(), stride.end()}})
             .second) {
      continue;
    }
    for (int trial = 0; trial < trials; ++trial) {
      const double error =
          CompareWithFloat32(*convolution, convolution->input_sizes(), convolution->way()).Worst();
      EXPECT_LE(error, 0.02) << convolution->weight.sizes() << " on " << convolution->input_sizes();
      double& worst_of_all = worst[convolution->way().arithmetic];
      worst_of_all = std::max(worst_of_all, error);
    }
  }
  for (const auto& [arithmetic, error] : worst) {
    std::cout << NameOf(arithmetic) << ": off by " << error << " at most\n";
  }
  EXPECT_GT(tried.size(), 4U);
}

TEST(Precision, LeavesStatisticsAsTheyAre) {
  Network network = Small("r3d");
  network->train();
  std::vector<at::Tensor> before;
  for (const at::Tensor& buffer : network->buffers()) {
    before.push_back(buffer.clone());
  }
  UsePrecision(network, {Precision::kBf16}, {16, 64});
  EXPECT_TRUE(network->is_training());
  for (size_t i = 0; i < before.size(); ++i) {
    EXPECT_TRUE(network->buffers()[i].equal(before[i]));
  }
}

// torch's bfloat16 convolutions for such processors are plain loops, which would take hours here.
TEST(Precision, LeavesConvolutionsInFloat32OnProcessorsWithoutKernelsForBfloat16) {
  const auto has_kernels = c10::Dispatcher::singleton()
                               .findSchemaOrThrow("mkldnn::_is_mkldnn_bf16_supported", "")
                               .typed<bool()>();
  if (has_kernels.call()) {
    GTEST_SKIP() << "this processor has them (AVX-512)";
  }
  Network network = Small("r3d");
  EXPECT_THAT(UsePrecision(network, {Precision::kBf16}, {16, 64}),
              testing::HasSubstr("in float32"));
  for (const ConvolutionImpl* convolution : ConvolutionsOf(*network)) {
    EXPECT_EQ(convolution->way().arithmetic, Arithmetic::kFloat32);
  }
}

TEST(Precision, IsTheSafestThatAnyRankNeeds) {
  constexpr int64_t kSafest = 2;
  Network network = Small("r3d");
  int64_t num_asked = 0;
  UsePrecision(network, {Precision::kBf16}, {16, 64}, [&](int64_t own) {
    ++num_asked;
    return std::max(own, kSafest);
  });
  EXPECT_GT(num_asked, 4);  // equally often on every processor, because ranks wait for each other
  for (const ConvolutionImpl* convolution : ConvolutionsOf(*network)) {
    EXPECT_EQ(convolution->way().arithmetic, Arithmetic::kFloat32);
  }
}

TEST(Precision, RefusesTf32OnCpus) {
  Network network = Small("r3d");
  EXPECT_THROW(UsePrecision(network, {Precision::kTf32}, {16, 64}), Error);
}

}  // namespace
}  // namespace reel3d
