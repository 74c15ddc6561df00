// Compares batch norm over the clips of all ranks with float64 over the same clips on one rank.
// Runs under mpirun.
// SPDX-License-Identifier: Apache-2.0
#include "lib/model/batch_norm.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "lib/dist/process_group.h"
#include "tests/dist/world_environment.h"

namespace reel3d {
namespace {

using test::TheWorld;

constexpr int64_t kClips = 12;
constexpr int64_t kChannels = 5;

// Returns this rank's clips. With several ranks, the first rank has no clips.
at::Tensor Own(const at::Tensor& all) {
  const int64_t sharers = std::max(1, TheWorld().size() - 1);
  const int64_t place = TheWorld().size() == 1 ? 0 : TheWorld().rank() - 1;
  return place < 0 ? all.narrow(0, 0, 0)
                   : all.narrow(0, place * kClips / sharers, kClips / sharers);
}

double Off(const at::Tensor& found, const at::Tensor& exact) {
  const at::Tensor difference = found.detach().to(at::kDouble) - exact;
  return (difference.norm() / exact.norm().clamp_min(1e-30)).item<double>();
}

// The layer's input has the type `type`. `sums` is the allowed relative error of statistics and
// parameter gradients, `values` that of output and input gradient.
void ExpectExactOverAllRanks(at::ScalarType type, double sums, double values) {
  const ProcessGroup group = MakeProcessGroup(TheWorld(), at::kCPU);
  at::Generator generator = at::detail::createCPUGenerator(3);
  const std::vector<int64_t> sizes = {kClips, kChannels, 16, 28, 28};
  const at::Tensor clips = (at::randn(sizes, generator, at::kFloat) + 0.3).to(type);
  const at::Tensor gradient =
      (0.1 * at::randn(sizes, generator, at::kFloat) + 0.02 * clips).to(type);

  const at::Tensor exact_clips = clips.to(at::kDouble).requires_grad_();
  const at::Tensor ones = at::ones({kChannels}, at::kDouble).requires_grad_();
  const at::Tensor zeros = at::zeros({kChannels}, at::kDouble).requires_grad_();
  const at::Tensor mean = at::zeros({kChannels}, at::kDouble);
  const at::Tensor variance = at::ones({kChannels}, at::kDouble);
  const at::Tensor exact =
      at::batch_norm(exact_clips, ones, zeros, mean, variance, /*training=*/true,
                     /*momentum=*/1, 1e-5, /*cudnn_enabled=*/false);
  exact.backward(gradient.to(at::kDouble));

  BatchNorm layer(kChannels, BatchNormOptions{1e-5, 1});
  layer->train();
  layer->Synchronize(group);
  const at::Tensor input = Own(clips).contiguous(at::MemoryFormat::ChannelsLast3d).requires_grad_();
  const at::Tensor output = layer->forward(input);
  output.backward(Own(gradient).contiguous(at::MemoryFormat::ChannelsLast3d));

  auto buffers = layer->named_buffers();
  auto parameters = layer->named_parameters();
  EXPECT_LE((buffers["running_var"].to(at::kDouble) / variance - 1).abs().max().item<double>(),
            sums);
  EXPECT_LE(Off(buffers["running_mean"], mean), sums);
  EXPECT_EQ(buffers["num_batches_tracked"].item<int64_t>(), 1);
  EXPECT_LE(Off(output, Own(exact.detach())), values);
  EXPECT_LE(Off(input.grad(), Own(exact_clips.grad())), values);
  for (const auto& [name, exact_gradient] :
       {std::pair("weight", ones.grad()), {"bias", zeros.grad()}}) {
    const at::Tensor sum = parameters[name].grad().clone();
    AllReduceSum(group, sum);
    EXPECT_LE((sum.to(at::kDouble) / exact_gradient - 1).abs().max().item<double>(), sums) << name;
  }
}

TEST(GroupBatchNorm, IsExactOverAllRanks) { ExpectExactOverAllRanks(at::kFloat, 1e-6, 1e-6); }

// Our kernels do not support float16, so torch's kernels run, as on a GPU.
TEST(GroupBatchNorm, PassesOfTorchHaveTheSameFormulas) {
  ExpectExactOverAllRanks(at::kHalf, 1e-4, 1e-3);
}

TEST(GroupBatchNorm, NobodyHasClips) {
  const ProcessGroup group = MakeProcessGroup(TheWorld(), at::kCPU);
  BatchNorm layer(kChannels);
  layer->train();
  layer->Synchronize(group);
  const at::Tensor output = layer->forward(at::zeros({0, kChannels, 2, 3, 3}).requires_grad_());
  output.sum().backward();
  EXPECT_EQ(output.numel(), 0);
  EXPECT_EQ(layer->named_buffers()["running_mean"].abs().sum().item<double>(), 0);
  EXPECT_EQ(layer->named_buffers()["num_batches_tracked"].item<int64_t>(), 0);
}

}  // namespace
}  // namespace reel3d
