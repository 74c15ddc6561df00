// Compares networks on a GPU with the same networks on the CPU. Also tests what training needs:
// NCCL, asynchronous copies, and the same bits in each run.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "lib/dist/device.h"
#include "lib/dist/nccl_group.h"
#include "lib/dist/process_group.h"
#include "lib/infer/clip_input.h"
#include "lib/infer/clip_tensors.h"
#include "lib/model/batch_norm.h"
#include "lib/model/layer_watch.h"
#include "lib/model/network.h"
#include "lib/model/precision.h"
#include "tests/dist/world_environment.h"
#include "tests/model/backward_steps.h"
#include "tests/model/small_network.h"

namespace reel3d {
namespace {

using test::TheWorld;

using test::RelativeError;

Network Small(const std::string& model) {
  return test::MakeFilled(test::SmallNetwork(model, 0.25, ShortcutType::kA));
}

at::Tensor Clips() { return test::Noise("clips", {4, 3, 16, 96, 96}).to(at::kFloat); }

struct Pass {
  at::Tensor logits, gradients;  // of all parameters
};

Pass RunPass(Network& network, at::Device device) {
  network->zero_grad();
  const at::Tensor labels = at::arange(4, at::TensorOptions(device).dtype(at::kLong));
  Pass pass;
  pass.logits = network(Clips().to(device));
  at::cross_entropy_loss(pass.logits, labels).backward();
  std::vector<at::Tensor> all;
  for (const at::Tensor& parameter : network->parameters()) {
    all.push_back(parameter.grad().flatten());
  }
  pass.gradients = at::cat(all);
  pass.logits = pass.logits.detach();
  return pass;
}

class Gpu : public testing::Test {
 protected:
  void SetUp() override {
    if (!HasCuda() || NumGpus() == 0) {
      GTEST_SKIP() << (HasCuda() ? "no GPU here" : "built without CUDA");
    }
    device_ = ChooseDevice(DeviceChoice::kCuda);
  }

  at::Device device_ = at::kCPU;
};

class GpuNetwork : public Gpu, public testing::WithParamInterface<std::string> {};
INSTANTIATE_TEST_SUITE_P(Families, GpuNetwork, testing::ValuesIn(ModelNames()));

// float32 on the GPU must not become TF32, whose error would be 1e-3.
TEST_P(GpuNetwork, ComputesWhatTheCpuDoes) {
  Network network = Small(GetParam());
  const Pass on_cpu = RunPass(network, at::kCPU);
  network->to(device_);
  UsePrecision(network, {Precision::kFloat32}, {16, 96});
  const Pass on_gpu = RunPass(network, device_);
  EXPECT_LE(RelativeError(on_gpu.logits, on_cpu.logits), 1e-5);
  EXPECT_LE(RelativeError(on_gpu.gradients, on_cpu.gradients), 5e-3);  // inputs of ReLUs near 0
  network->AbsorbBatchNorms();
  const at::NoGradGuard no_gradient;
  EXPECT_LE(RelativeError(network(Clips().to(device_)), on_cpu.logits), 1e-5);
}

// A layer's output is a feature of a clip (extract-features), so its shape matters. In training, no
// gradient may be copied because a layer writes over a view.
TEST_P(GpuNetwork, ItsLayersHaveTheShapesOfTheCpu) {
  Network network = Small(GetParam());
  std::vector<std::string> on_cpu;
  std::vector<std::string> on_gpu;
  for (const at::Device device : {at::Device(at::kCPU), device_}) {
    if (!device.is_cpu()) {
      network->to(device);
      UsePrecision(network, {Precision::kFloat32}, {16, 96});
    }
    std::vector<std::string>& layers = device.is_cpu() ? on_cpu : on_gpu;
    const LayerWatch watch(*network, [&](const LayerCall& call) {
      layers.push_back(fmt::format("{} {} {} {}", call.layer, call.kind,
                                   fmt::join(call.input.sizes(), "x"),
                                   fmt::join(call.output.sizes(), "x")));
    });
    network->train();
    const at::Tensor logits = network(Clips().to(device));
    EXPECT_EQ(test::StepsBehind(logits).count("torch::autograd::CopySlices"), 0U);
  }
  EXPECT_EQ(on_gpu, on_cpu);
}

TEST_P(GpuNetwork, ComputesInBfloat16AndTf32) {
  Network network = Small(GetParam());
  const Pass on_cpu = RunPass(network, at::kCPU);
  network->to(device_);
  UsePrecision(network, {Precision::kTf32}, {16, 96});
  const Pass in_tf32 = RunPass(network, device_);
  EXPECT_LE(RelativeError(in_tf32.logits, on_cpu.logits), 3e-3);
  EXPECT_LE(RelativeError(in_tf32.gradients, on_cpu.gradients), 0.1);
  RecordProperty("bf16", UsePrecision(network, {Precision::kBf16}, {16, 96}));
  const Pass in_bf16 = RunPass(network, device_);
  EXPECT_LE(RelativeError(in_bf16.logits, on_cpu.logits), 0.02);
  EXPECT_LE(RelativeError(in_bf16.gradients, on_cpu.gradients), 0.2);
}

TEST_F(Gpu, CopiesPinnedPixelsAsTheyAre) {
  const PixelAllocator allocate = PixelsFor(device_);
  const std::vector<int64_t> sizes = {8, 3, 16, 112, 112};
  const auto memory = allocate(static_cast<size_t>(8 * 3 * 16 * 112 * 112));
  at::Tensor pixels = torch::from_blob(memory.get(), sizes, at::kByte);
  ClipInput on_gpu({}, device_);
  ClipInput on_cpu({}, at::kCPU);
  std::vector<at::Tensor> inputs, expected;
  for (int round = 0; round < 20; ++round) {
    on_gpu.EndCopies();
    pixels.copy_(at::randint(0, 256, sizes, at::kByte));
    inputs.push_back(on_gpu.ToInput(pixels));
    expected.push_back(on_cpu.ToInput(pixels));
  }
  for (size_t round = 0; round < inputs.size(); ++round) {
    EXPECT_TRUE(inputs[round].to(at::kCPU).equal(expected[round])) << round;
  }
}

TEST_F(Gpu, NormalisesOverTheGroupByNccl) {
  const ProcessGroup group = MakeProcessGroup(TheWorld(), device_);
  Network network = Small("r3d");
  network->train();
  const Pass on_cpu = RunPass(network, at::kCPU);
  Network synchronised = Small("r3d");
  synchronised->to(device_);
  synchronised->train();
  UsePrecision(synchronised, {Precision::kFloat32}, {16, 96});
  SynchronizeBatchNorms(*synchronised, group);
  const Pass on_gpu = RunPass(synchronised, device_);
  EXPECT_LE(RelativeError(on_gpu.logits, on_cpu.logits), 1e-4);
  EXPECT_LE(RelativeError(on_gpu.gradients, on_cpu.gradients), 1e-2);
  at::Tensor values = at::ones({5}, device_);
  AllReduceSum(group, values);
  EXPECT_TRUE(values.cpu().equal(at::full({5}, static_cast<float>(TheWorld().size()))));
  SynchronizeBatchNorms(*synchronised, nullptr);
}

// This test must be the last one: it chooses deterministic kernels for the rest of the process.
TEST_P(GpuNetwork, GivesTheSameBitsTwiceIfToldTo) {
  ChooseKernels(/*deterministic=*/true);
  Network network = Small(GetParam());
  network->to(device_);
  network->train();
  for (const Precision precision : {Precision::kFloat32, Precision::kBf16}) {
    UsePrecision(network, {precision}, {16, 96});
    const Pass first = RunPass(network, device_);
    for (int round = 0; round < 3; ++round) {
      const Pass again = RunPass(network, device_);
      EXPECT_TRUE(again.logits.equal(first.logits)) << NameOf(precision);
      EXPECT_TRUE(again.gradients.equal(first.gradients)) << NameOf(precision);
    }
  }
}

}  // namespace
}  // namespace reel3d
