// The program in a TorchScript file computes the same logits as the network, and has its weights.
// SPDX-License-Identifier: Apache-2.0
#include "lib/model/torch_script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/script.h>
#include <torch/types.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/model/weights.h"
#include "lib/model/weights_file.h"
#include "lib/weights/weights_header.h"
#include "tests/model/small_network.h"
#include "tests/test_support.h"
#include "tests/torch_python.h"

namespace reel3d {
namespace {

struct Shape {
  int64_t clips, frames, height, width;
};

constexpr ScriptClip kClip = {16, 96};

at::Tensor Clips(const Shape& shape) {
  return test::Noise("clips", {shape.clips, 3, shape.frames, shape.height, shape.width})
      .to(at::kFloat);
}

Network Filled(const NetworkOptions& options) {
  Network network = MakeNetwork(options, 3);
  test::FillWithNoise(*network);
  network->eval();
  return network;
}

class ScriptOf : public testing::TestWithParam<NetworkOptions> {
 protected:
  void SetUp() override {
    const at::NoGradGuard no_gradient;
    network_ = Filled(GetParam());
    any_size_ = SaveTorchScript(File(), GetParam(), StateDict(*network_), kClip, "test");
    script_ = torch::jit::load(File());
  }

  std::string File() const { return (folder_ / "network.pt").string(); }

  void ExpectSameLogits(const Shape& shape) {
    SCOPED_TRACE(testing::Message() << shape.clips << " clips of " << shape.frames << " x "
                                    << shape.height << " x " << shape.width);
    const at::NoGradGuard no_gradient;
    const at::Tensor expected = network_->forward(Clips(shape));
    const at::Tensor found = script_.forward({Clips(shape)}).toTensor();
    EXPECT_TRUE(at::allclose(found, expected, 1e-5, 1e-6)) << found << expected;
    EXPECT_GT(expected.std().item<double>(), 1e-3) << "logits that could hardly differ";
  }

  test::TemporaryFolder folder_;
  Network network_{nullptr};
  torch::jit::Module script_;
  bool any_size_ = false;
};

std::vector<NetworkOptions> Networks() {
  std::vector<NetworkOptions> networks;
  for (const std::string& model : ModelNames()) {
    networks.push_back(test::SmallNetwork(model, 0.125, ShortcutType::kB));
  }
  NetworkOptions options = test::SmallNetwork("r3d", 0.125, ShortcutType::kA);
  networks.push_back(options);
  options.depth = 50;
  options.stem_stride = 2;
  options.max_pool = false;
  networks.push_back(options);
  return networks;
}

INSTANTIATE_TEST_SUITE_P(TorchScript, ScriptOf, testing::ValuesIn(Networks()),
                         [](const auto& test) {
                           std::string name = test.param.model + "_" + NameOf(test.param.shortcut) +
                                              std::to_string(test.param.depth);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST_P(ScriptOf, SaysWhatTheNetworkSays) {
  ExpectSameLogits({1, 16, 96, 96});
  ExpectSameLogits({3, 16, 96, 96});
}

TEST_P(ScriptOf, TakesOtherSizesOrRefusesThem) {
  EXPECT_EQ(any_size_, GetParam().model != "i3d");
  if (any_size_) {
    ExpectSameLogits({2, 19, 101, 112});
    return;
  }
  for (const Shape& shape : {Shape{1, 17, 96, 96}, Shape{1, 16, 97, 96}, Shape{1, 16, 96, 128}}) {
    EXPECT_THROW(script_.forward({Clips(shape)}), std::exception) << shape.frames;
  }
}

TEST_P(ScriptOf, HoldsTheWeightsUnderTheirNames) {
  EXPECT_EQ(ReadWeightsHeader(File()).format, "TorchScript");
  const NamedTensors state = StateDict(*network_);
  const NamedTensors loaded = LoadWeights(File());
  const std::map<std::string, at::Tensor> by_name(loaded.begin(), loaded.end());
  EXPECT_EQ(by_name.size(), state.size());
  for (const auto& [name, tensor] : state) {
    ASSERT_EQ(by_name.count(name), 1U) << name;
    EXPECT_TRUE(by_name.at(name).equal(tensor)) << name;
  }
}

TEST_P(ScriptOf, TurnsIntoDouble) {
  const at::NoGradGuard no_gradient;
  script_.to(at::kDouble);
  const at::Tensor clips = Clips({1, 16, 96, 96});
  const at::Tensor found = script_.forward({clips.to(at::kDouble)}).toTensor();
  EXPECT_EQ(found.scalar_type(), at::kDouble);
  EXPECT_TRUE(at::allclose(found.to(at::kFloat), network_->forward(clips), 1e-3, 1e-4));
}

// Python loads the files without any code of reel3d, as a user would. One process loads all files,
// because torch is slow to start.
TEST(TorchScript, RunsInPython) {
  const std::string python = test::PythonWith("torch, numpy");
  if (python.empty()) {
    GTEST_SKIP() << test::NoPythonWith("torch, numpy");
  }
  const at::NoGradGuard no_gradient;
  const test::TemporaryFolder folder;
  std::vector<std::string> command = {
      python, (test::SourceFolder() / "tests/model/torch_script.py").string()};
  std::vector<at::Tensor> expected;
  for (const NetworkOptions& options : Networks()) {
    Network network = Filled(options);
    command.push_back((folder / (std::to_string(expected.size()) + ".pt")).string());
    SaveTorchScript(command.back(), options, StateDict(*network), kClip, "test");
    expected.push_back(network->forward(Clips({2, 16, 96, 96})));
  }
  const auto result = test::RunCommand(command);
  ASSERT_EQ(result.exit_status, 0) << result.err;
  for (size_t i = 0; i < expected.size(); ++i) {
    const std::string bytes = ReadFile(command[i + 2] + ".logits");
    ASSERT_EQ(bytes.size(), expected[i].nbytes());
    at::Tensor found = at::empty_like(expected[i]);
    std::memcpy(found.data_ptr(), bytes.data(), bytes.size());
    EXPECT_TRUE(at::allclose(found, expected[i], 1e-4, 1e-5)) << i << found << expected[i];
  }
}

TEST(TorchScript, WeightsMustFit) {
  const test::TemporaryFolder folder;
  const NamedTensors state =
      StateDict(*MakeNetwork(test::SmallNetwork("r3d", 0.125, ShortcutType::kB)));
  try {
    SaveTorchScript(folder / "network.pt", test::SmallNetwork("r3d", 0.125, ShortcutType::kA),
                    state, {16, 96}, "some.pth");
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.what(), testing::HasSubstr("some.pth: unknown tensor"));
  }
}

}  // namespace
}  // namespace reel3d
