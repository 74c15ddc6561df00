// SPDX-License-Identifier: Apache-2.0
#include "lib/infer/clip_input.h"

#include <gtest/gtest.h>
#include <torch/types.h>

namespace reel3d {
namespace {

at::Tensor OfChannels(const std::vector<double>& values) {
  return torch::tensor(values, at::kFloat).view({1, 3, 1, 1, 1});
}

// The result equals the header's formula in torch's own operators, to the last bit.
TEST(ClipInput, TakesOffTheMeanAndDividesByTheDeviation) {
  ClipInputOptions options;
  options.mean = {114.7748, 107.7354, 99.4750};
  options.std = {38.7568578, 37.88248729, 40.02898126};
  torch::manual_seed(1);
  const at::Tensor pixels = torch::randint(0, 256, {3, 3, 5, 7, 6}, at::kByte);
  const at::Tensor input = ClipInput(options, at::kCPU).ToInput(pixels);
  EXPECT_EQ(input.sizes(), pixels.sizes());
  EXPECT_TRUE(input.is_contiguous(at::MemoryFormat::ChannelsLast3d));
  EXPECT_TRUE(input.equal(
      pixels.to(at::kFloat).sub(OfChannels(options.mean)).div(OfChannels(options.std))));
}

TEST(ClipInput, OfARangeOfOneIsTheSameUpToRounding) {
  ClipInputOptions options;
  options.pixel_range = 1;
  options.mean = {0.4345, 0.4051, 0.3775};
  options.std = {0.2768, 0.2713, 0.2737};
  const at::Tensor pixels =
      torch::arange(256, at::kByte).view({1, 1, 1, 16, 16}).repeat({1, 3, 2, 1, 1});
  const at::Tensor expected =
      pixels.to(at::kFloat).div(255).sub(OfChannels(options.mean)).div(OfChannels(options.std));
  const at::Tensor input = ClipInput(options, at::kCPU).ToInput(pixels);
  EXPECT_LT((input - expected).abs().max().item<float>(), 1e-5);
}

// Grey follows its definition, rounded to integer bytes, and fills all three channels.
TEST(ClipInput, GreyIsBrightnessInAllChannels) {
  ClipInputOptions options;
  options.channels = ChannelOrder::kGrey;
  options.mean = {0, 100, 200};
  options.std = {1, 2, 4};
  torch::manual_seed(2);
  const at::Tensor pixels = torch::randint(0, 256, {2, 3, 4, 9, 8}, at::kByte);
  const at::Tensor input = ClipInput(options, at::kCPU).ToInput(pixels);
  const at::Tensor grey = pixels.to(at::kFloat)
                              .mul(OfChannels({0.299, 0.587, 0.114}))
                              .sum(1, /*keepdim=*/true)
                              .expand(pixels.sizes());
  const at::Tensor found = input.mul(OfChannels(options.std)).add(OfChannels(options.mean));
  // The tolerance is half a step for rounding, and a fifth of a step for weights in 256ths.
  EXPECT_LT((found - grey).abs().max().item<float>(), 0.75);
  EXPECT_TRUE(found.equal(found.round()));
  EXPECT_TRUE(found.select(1, 0).equal(found.select(1, 2)));
}

TEST(ClipInput, ReversedColoursAreThoseOfAReversedClip) {
  ClipInputOptions options;
  torch::manual_seed(3);
  const at::Tensor pixels = torch::randint(0, 256, {2, 3, 4, 9, 8}, at::kByte);
  const at::Tensor reversed = ClipInput(options, at::kCPU).ToInput(pixels.flip(1).contiguous());
  options.channels = ChannelOrder::kBgr;
  EXPECT_TRUE(ClipInput(options, at::kCPU).ToInput(pixels).equal(reversed));
}

TEST(ClipInput, OfNoClipsIsEmpty) {
  ClipInput input({}, at::kCPU);
  EXPECT_EQ(input.ToInput(torch::empty({0, 3, 16, 8, 8}, at::kByte)).sizes(),
            (std::vector<int64_t>{0, 3, 16, 8, 8}));
}

}  // namespace
}  // namespace reel3d
