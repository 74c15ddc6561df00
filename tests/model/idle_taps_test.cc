// Compares convolutions without idle taps with torch's own, in float64.
// SPDX-License-Identifier: Apache-2.0
#include "lib/model/idle_taps.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "lib/model/conv_unit.h"
#include "tests/model/drawn_values.h"

namespace reel3d {
namespace {

using test::Draw;

struct Case {
  std::vector<int64_t> input, weight;  // (N, C, T, H, W), (O, C, T, H, W)
  Triple stride = 1, padding = 0;
};

struct Result {
  at::Tensor output, input_gradient, weight_gradient;
  std::vector<int64_t> taps;  // that were used
};

Result Run(const Case& shape, bool drops) {
  const at::Tensor input = Draw(shape.input).requires_grad_();
  const at::Tensor weight = Draw(shape.weight).requires_grad_();
  at::Tensor used = weight;
  Triple padding = shape.padding;
  if (drops) {
    DropIdleTaps(input, shape.stride, used, padding);
  }
  const at::Tensor output = at::conv3d(input, used, {}, shape.stride, padding);
  output.backward(Draw(output.sizes().vec()));
  EXPECT_EQ(weight.grad().strides(), weight.strides());
  return {output.detach(), input.grad(), weight.grad(), used.sizes().slice(2).vec()};
}

void ExpectNear(const at::Tensor& value, const at::Tensor& exact) {
  ASSERT_EQ(value.sizes(), exact.sizes());
  EXPECT_LE((value - exact).norm().item<double>(), 1e-13 * exact.norm().item<double>());
}

// Returns the numbers of taps that stay, on each axis.
std::vector<int64_t> ExpectSameConvolution(const Case& shape) {
  SCOPED_TRACE(testing::PrintToString(shape.input) + " " + testing::PrintToString(shape.weight) +
               " stride " + testing::PrintToString(*shape.stride) + " padding " +
               testing::PrintToString(*shape.padding));
  const Result exact = Run(shape, /*drops=*/false);
  const Result value = Run(shape, /*drops=*/true);
  ExpectNear(value.output, exact.output);
  ExpectNear(value.input_gradient, exact.input_gradient);
  ExpectNear(value.weight_gradient, exact.weight_gradient);
  return value.taps;
}

using Taps = std::vector<int64_t>;

TEST(DropIdleTaps, LeavesOneFrameOfThreeForClipsOfOneFrame) {
  EXPECT_EQ(ExpectSameConvolution({{2, 8, 1, 4, 4}, {6, 8, 3, 3, 3}, 1, 1}), (Taps{1, 3, 3}));
  EXPECT_EQ(ExpectSameConvolution({{2, 8, 1, 1, 1}, {6, 8, 3, 3, 3}, 1, 1}), (Taps{1, 1, 1}));
  EXPECT_EQ(ExpectSameConvolution({{2, 8, 2, 7, 7}, {6, 8, 3, 3, 3}, 2, 1}), (Taps{2, 3, 3}));
}

TEST(DropIdleTaps, LeavesKernelsThatSeeTheInputAsTheyAre) {
  EXPECT_EQ(ExpectSameConvolution({{2, 8, 2, 4, 4}, {6, 8, 3, 3, 3}, 1, 1}), (Taps{3, 3, 3}));
  EXPECT_EQ(ExpectSameConvolution({{2, 8, 4, 7, 7}, {6, 8, 3, 3, 3}, 2, 1}), (Taps{3, 3, 3}));
  EXPECT_EQ(ExpectSameConvolution({{2, 8, 1, 1, 1}, {6, 8, 1, 1, 1}, 1, 0}), (Taps{1, 1, 1}));
}

TEST(DropIdleTaps, IsTheSameForAnyKernelStrideAndPadding) {
  std::mt19937 random(11);
  const auto draw = [&](int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  };
  int num_cut = 0;
  for (int trial = 0; trial < 80; ++trial) {
    Case shape = {{draw(1, 2), 3}, {draw(1, 3), 3}};
    for (size_t axis = 0; axis < 3; ++axis) {
      const int64_t kernel = draw(1, 7);
      const int64_t padding = draw(0, kernel - 1);
      shape.weight.push_back(kernel);
      (*shape.padding)[axis] = padding;
      (*shape.stride)[axis] = draw(1, 3);
      shape.input.push_back(std::max<int64_t>(1, kernel - 2 * padding) + draw(0, 4));
    }
    num_cut +=
        ExpectSameConvolution(shape) == Taps(shape.weight.begin() + 2, shape.weight.end()) ? 0 : 1;
  }
  EXPECT_GT(num_cut, 20);
}

// The network's convolutions use it.
TEST(DropIdleTaps, IsDoneByConvolutions) {
  Convolution convolution(ConvolutionOptions{8, 6, 3});
  convolution->to(at::kDouble);
  const auto sees_first_frame = [&](int64_t frames) {
    const at::Tensor weight = convolution->weight.detach().clone();
    weight.slice(2, 0, 1).fill_(NAN);  // a product with a zero of the padding would be NaN
    const at::Tensor output = convolution->Convolve(Draw({2, 8, frames, 4, 4}), weight, {}, {});
    return output.isnan().any().item<bool>();
  };
  EXPECT_FALSE(sees_first_frame(1));
  EXPECT_TRUE(sees_first_frame(2));
}

}  // namespace
}  // namespace reel3d
