// Tests precise batch norm statistics over several ranks. Runs under mpirun.
// SPDX-License-Identifier: Apache-2.0
#include "lib/train/loop/precise_bn.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "lib/dist/process_group.h"
#include "lib/model/batch_norm.h"
#include "tests/dist/world_environment.h"

namespace reel3d {
namespace {

using test::TheWorld;

// The batches have different means and sizes, so the mean of their variances would be far too
// small.
std::vector<at::Tensor> Batches() {
  std::vector<at::Tensor> batches;
  at::Generator generator = at::detail::createCPUGenerator(3);
  for (const int size : {4, 2, 0, 3}) {
    batches.push_back(at::randn({size, 5, 4, 16, 16}, generator) * (size + 1) + 3 * size);
  }
  return batches;
}

TEST(PreciseStatistics, AreThoseOfAllClips) {
  const ProcessGroup group = MakeProcessGroup(TheWorld(), at::kCPU);
  BatchNorm layer(5);
  layer->train();
  layer->named_buffers()["running_mean"].fill_(-7);
  layer->named_buffers()["num_batches_tracked"].fill_(11);
  const std::vector<at::Tensor> batches = Batches();
  {
    const at::NoGradGuard no_grad;
    PreciseStatistics statistics(*layer);
    for (size_t i = 0; i < batches.size(); ++i) {
      if (static_cast<int>(i) % TheWorld().size() == TheWorld().rank()) {
        layer->forward(batches[i]);
        statistics.Add(batches[i].size(0));
      }
    }
    statistics.Keep(group);
  }
  const at::Tensor all = at::cat(batches).transpose(0, 1).flatten(1).to(at::kDouble);
  const at::Tensor mean = layer->named_buffers()["running_mean"].to(at::kDouble);
  const at::Tensor variance = layer->named_buffers()["running_var"].to(at::kDouble);
  EXPECT_TRUE(at::allclose(mean, all.mean(1), 1e-5, 1e-5)) << mean << all.mean(1);
  // The variances are unbiased over at least 2048 values, so they differ a little from the biased
  // one.
  EXPECT_TRUE(at::allclose(variance, all.var(1, /*unbiased=*/false), 1e-3, 0)) << variance;
  EXPECT_EQ(layer->named_buffers()["num_batches_tracked"].item<int64_t>(), 11);
  EXPECT_EQ(layer->momentum(), 0.1);
}

TEST(PreciseStatistics, LeaveFixedLayersAlone) {
  const ProcessGroup group = MakeProcessGroup(TheWorld(), at::kCPU);
  BatchNorm layer(5);
  layer->eval();
  PreciseStatistics statistics(*layer);
  layer->forward(Batches().front());
  statistics.Add(4);
  statistics.Keep(group);
  EXPECT_EQ(layer->named_buffers()["running_mean"].abs().sum().item<double>(), 0);
}

}  // namespace
}  // namespace reel3d
