// Compares folded convolutions with torch's own, in float64.
// SPDX-License-Identifier: Apache-2.0
#include "lib/model/folded_convolution.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <array>
#include <random>
#include <string>
#include <vector>

#include "tests/model/drawn_values.h"

namespace reel3d {
namespace {

using test::Draw;

struct Case {
  std::string name;
  std::vector<int64_t> input, weight;  // (N, C, T, H, W), (O, C, T, H, W)
  Triple stride = 1, padding = 0;
};

struct Result {
  at::Tensor output, input_gradient, weight_gradient, bias_gradient;
};

Result Run(const Case& shape, bool folded, bool input_learns) {
  at::Tensor input = Draw(shape.input).requires_grad_(input_learns);
  at::Tensor weight = Draw(shape.weight).requires_grad_();
  at::Tensor bias = Draw({shape.weight[0], 1, 1, 1, 1}).flatten().detach().requires_grad_();
  const at::Tensor output =
      folded ? FoldedConvolution(input, weight, bias, shape.stride, shape.padding)
             : at::conv3d(input, weight, bias, shape.stride, shape.padding);
  output.backward(Draw(output.sizes().vec()));
  return {output.detach(), input.grad(), weight.grad(), bias.grad()};
}

void ExpectNear(const at::Tensor& value, const at::Tensor& exact) {
  ASSERT_EQ(value.sizes(), exact.sizes());
  EXPECT_LE((value - exact).norm().item<double>(), 1e-13 * exact.norm().item<double>());
}

void ExpectSameConvolution(const Case& shape) {
  SCOPED_TRACE(shape.name);
  const Result exact = Run(shape, /*folded=*/false, /*input_learns=*/true);
  const Result value = Run(shape, /*folded=*/true, /*input_learns=*/true);
  ExpectNear(value.output, exact.output);
  ExpectNear(value.input_gradient, exact.input_gradient);
  ExpectNear(value.weight_gradient, exact.weight_gradient);
  ExpectNear(value.bias_gradient, exact.bias_gradient);
  EXPECT_TRUE(value.output.numel() == 0 ||
              value.output.is_contiguous(at::MemoryFormat::ChannelsLast3d));
  const Result without = Run(shape, /*folded=*/true, /*input_learns=*/false);
  EXPECT_TRUE(without.output.equal(value.output));
  EXPECT_TRUE(without.weight_gradient.equal(value.weight_gradient));
}

TEST(FoldedConvolution, IsTheSameForTheFirstLayersOfTheFamilies) {
  const std::vector<Case> cases = {
      {"r3d", {2, 3, 6, 20, 20}, {5, 3, 7, 7, 7}, {{1, 2, 2}}, {{3, 3, 3}}},
      {"r3d, odd sizes", {2, 3, 5, 21, 19}, {5, 3, 7, 7, 7}, {{1, 2, 2}}, {{3, 3, 3}}},
      {"r3d, stem-frames 5, stem-stride 2",
       {2, 3, 9, 20, 20},
       {5, 3, 5, 7, 7},
       {{2, 2, 2}},
       {{2, 3, 3}}},
      {"torchvision", {2, 3, 6, 20, 20}, {5, 3, 3, 7, 7}, {{1, 2, 2}}, {{1, 3, 3}}},
      {"r2p1d", {2, 3, 6, 20, 20}, {5, 3, 1, 7, 7}, {{1, 2, 2}}, {{0, 3, 3}}},
      {"c3d", {2, 3, 6, 20, 20}, {5, 3, 3, 3, 3}, {{1, 1, 1}}, {{1, 1, 1}}},
      {"i3d", {2, 3, 9, 21, 21}, {5, 3, 7, 7, 7}, {{2, 2, 2}}, {{2, 2, 2}}},
      {"one grey channel", {2, 1, 6, 20, 20}, {5, 1, 7, 7, 7}, {{1, 2, 2}}, {{3, 3, 3}}},
      {"no clips", {0, 3, 6, 20, 20}, {5, 3, 7, 7, 7}, {{1, 2, 2}}, {{3, 3, 3}}},
  };
  for (const Case& shape : cases) {
    ExpectSameConvolution(shape);
  }
}

TEST(FoldedConvolution, IsTheSameForAnyKernelStrideAndPadding) {
  std::mt19937 random(11);
  const auto draw = [&](int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  };
  for (int trial = 0; trial < 60; ++trial) {
    Case shape;
    const int64_t channels = draw(1, kMostFoldedChannels);
    shape.input = {draw(1, 2), channels};
    shape.weight = {draw(1, 3), channels};
    const int64_t square = draw(1, 3);
    shape.stride = {{draw(1, 3), square, square}};
    for (size_t axis = 0; axis < 3; ++axis) {
      shape.weight.push_back(draw(1, 7));
      (*shape.padding)[axis] = draw(0, shape.weight.back() - 1);
      shape.input.push_back(shape.weight.back() + draw(0, 6));
    }
    shape.name = ::testing::PrintToString(shape.input) + " " +
                 ::testing::PrintToString(shape.weight) + " stride " +
                 std::to_string((*shape.stride)[0]) + ", " + std::to_string(square);
    ExpectSameConvolution(shape);
  }
}

// An input that needs no gradient is copied in words of several values.
TEST(FoldedConvolution, HasTheSameBitsWithAndWithoutGradientOfTheInput) {
  for (const auto type : {at::kBFloat16, at::kFloat}) {
    for (const int64_t frames : {7, 3, 1}) {  // the words of a square are 3, 4 and 8 in bfloat16
      const at::Tensor input = Draw({2, 3, 6, 20, 22}).to(type);
      const at::Tensor weight = Draw({5, 3, frames, 7, 7}).to(type);
      const Triple padding = {{frames / 2, 3, 3}};
      const auto output = [&](const at::Tensor& clips) {
        return FoldedConvolution(clips, weight, {}, {{1, 2, 2}}, padding).detach();
      };
      const at::Tensor without = output(input);
      EXPECT_TRUE(without.equal(output(input.detach().requires_grad_())));
      const at::Tensor exact =
          at::conv3d(input.to(at::kDouble), weight.to(at::kDouble), {}, {1, 2, 2}, padding);
      EXPECT_LE((without - exact).norm().item<double>(), 0.01 * exact.norm().item<double>());
    }
  }
}

}  // namespace
}  // namespace reel3d
