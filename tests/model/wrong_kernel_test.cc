// oneDNN computes a wrong bfloat16 weight gradient with AVX512_BF16 instructions. This test runs
// them, even on processors with AMX, and checks that networks avoid the wrong kernel.
// SPDX-License-Identifier: Apache-2.0
#include <ATen/cpu/Utils.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cstdlib>

#include "lib/model/precision.h"

namespace reel3d {
namespace {

// The variable must be set before oneDNN reads it.
const int kInstructions = setenv("ONEDNN_MAX_CPU_ISA", "AVX512_CORE_BF16", /*replace=*/1);

class WrongKernel : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(kInstructions, 0);
    if (!at::cpu::get_cpu_capabilities().at("avx512_bf16").toBool()) {
      GTEST_SKIP() << "this processor has no AVX512_BF16";
    }
    convolution_ = Convolution(ConvolutionOptions{64, 64, 3});
    const at::NoGradGuard no_gradient;
    convolution_->weight.set_data(
        convolution_->weight.contiguous(at::MemoryFormat::ChannelsLast3d));
    if (Errors(Arithmetic::kBfloat16).Worst() < 0.02) {
      GTEST_SKIP() << "this oneDNN is right";
    }
  }

  ArithmeticErrors Errors(Arithmetic arithmetic) {
    return CompareWithFloat32(*convolution_, {4, 64, 2, 7, 7}, {arithmetic});
  }

  Convolution convolution_{nullptr};
};

TEST_F(WrongKernel, IsWrongInTheGradientOfWeightsAlone) {
  const ArithmeticErrors errors = Errors(Arithmetic::kBfloat16);
  EXPECT_LE(errors.output, 0.02);
  EXPECT_LE(errors.input_gradient, 0.02);
  EXPECT_GE(errors.weight_gradient, 0.1);
}

TEST_F(WrongKernel, IsRightWithOneMoreFrame) {
  for (int trial = 0; trial < 20; ++trial) {
    EXPECT_LE(Errors(Arithmetic::kLongerBfloat16).Worst(), 0.02);
  }
}

TEST_F(WrongKernel, IsFoundAtTheStart) {
  Network network = MakeNetwork({});
  const std::string found = UsePrecision(network, {Precision::kBf16}, {16, 112});
  EXPECT_THAT(found, testing::HasSubstr("256 x 256 x 2 x 7 x 7, kernel 3x3x3"));
  EXPECT_THAT(found, testing::HasSubstr("one more frame"));
  int longer = 0;
  for (const ConvolutionImpl* convolution : ConvolutionsOf(*network)) {
    longer += static_cast<int>(convolution->way().arithmetic == Arithmetic::kLongerBfloat16);
  }
  EXPECT_EQ(longer, 3);  // conv4_x without its first convolution
}

}  // namespace
}  // namespace reel3d
