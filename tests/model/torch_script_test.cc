// The program that TorchScript files hold is the network: same logits, same weights.
// SPDX-License-Identifier: Apache-2.0
#include "lib/model/torch_script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/script.h>
#include <torch/torch.h>

#include <map>

#include "lib/base/error.h"
#include "lib/model/weights.h"
#include "lib/model/weights_file.h"
#include "lib/model/weights_header.h"
#include "tests/model/noise.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

NetworkOptions Options(int depth, const char* shortcut, int stem_stride = 1, bool max_pool = true) {
  NetworkOptions options;
  options.depth = depth;
  options.shortcut = shortcut;
  options.width = 0.125;
  options.stem_frames = 3;
  options.stem_stride = stem_stride;
  options.max_pool = max_pool;
  options.num_classes = 6;
  return options;
}

// Statistics as after training, so that batch norm is more than nothing.
NamedTensors TrainedState(Network network) {
  const at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : StateDict(*network)) {
    if (name.find("running_") != std::string::npos) {
      tensor.copy_(1 + 0.5 * test::Noise(name, tensor.sizes().vec()));
    }
  }
  return StateDict(*network);
}

class ScriptOf : public testing::TestWithParam<NetworkOptions> {};

TEST_P(ScriptOf, SaysWhatTheNetworkSays) {
  const at::NoGradGuard no_grad;
  Network network = MakeNetwork(GetParam(), 3);
  network->eval();
  const NamedTensors state = TrainedState(network);
  const test::TemporaryFolder folder;
  SaveTorchScript(folder / "network.pt", GetParam(), state, "test");

  torch::jit::Module script = torch::jit::load((folder / "network.pt").string());
  const at::Tensor clips = test::Noise("clips", {2, 3, 9, 41, 48}).to(at::kFloat);
  const at::Tensor expected = network->forward(clips);
  const at::Tensor found = script.forward({clips}).toTensor();
  EXPECT_TRUE(at::allclose(found, expected, 1e-4, 1e-5)) << found << expected;
  EXPECT_GT(expected.std().item<double>(), 1e-3) << "logits that could hardly differ";

  EXPECT_EQ(ReadWeightsHeader(folder / "network.pt").format, "TorchScript");
  const NamedTensors loaded = LoadWeights(folder / "network.pt");
  const std::map<std::string, at::Tensor> by_name(loaded.begin(), loaded.end());
  EXPECT_EQ(by_name.size(), state.size());
  for (const auto& [name, tensor] : state) {
    EXPECT_TRUE(by_name.at(name).equal(tensor)) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(TorchScript, ScriptOf,
                         testing::Values(Options(10, "a"), Options(10, "b", 2), Options(18, "a"),
                                         Options(18, "b", 1, false), Options(50, "a"),
                                         Options(50, "b")),
                         [](const auto& test) { return std::to_string(test.index); });

TEST(TorchScript, WeightsMustFit) {
  const test::TemporaryFolder folder;
  const NamedTensors state = StateDict(*MakeNetwork(Options(10, "b")));
  try {
    SaveTorchScript(folder / "network.pt", Options(10, "a"), state, "some.pth");
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.what(), testing::HasSubstr("some.pth: unknown tensor"));
  }
}

}  // namespace
}  // namespace reel3d
