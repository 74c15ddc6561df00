// Small networks against PyTorch (tests/golden/make_r3d_golden.py).
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "lib/base/file.h"
#include "lib/model/r3d.h"
#include "lib/model/weights.h"
#include "tests/model/noise.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using Json = nlohmann::json;

bool EndsWith(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

bool IsNearOne(const std::string& name) {
  for (const char* end :
       {"running_var", "bn1.weight", "bn2.weight", "bn3.weight", "downsample.1.weight"}) {
    if (EndsWith(name, end)) {
      return true;
    }
  }
  return false;
}

// fill() of the script.
void Fill(torch::nn::Module& module) {
  for (auto& [name, tensor] : StateDict(module)) {
    if (EndsWith(name, "num_batches_tracked")) {
      continue;
    }
    at::Tensor values = test::Noise(name, tensor.sizes().vec());
    if (tensor.dim() == 5) {
      values *= std::sqrt(6.0 / static_cast<double>(tensor.numel() / tensor.size(1)));
    } else if (tensor.dim() == 2) {
      values /= std::sqrt(static_cast<double>(tensor.size(1)));
    } else {
      values = IsNearOne(name) ? 1 + 0.2 * values : 0.2 * values;
    }
    tensor.copy_(values);
  }
}

R3dOptions ReadOptions(const Json& golden, const Json& json) {
  R3dOptions options;
  options.depth = json["depth"];
  options.shortcut = json["shortcut"];
  options.width = json["width"];
  options.stem_frames = json.value("stem_frames", options.stem_frames);
  options.stem_stride = json.value("stem_stride", options.stem_stride);
  options.max_pool = json.value("max_pool", options.max_pool);
  options.num_classes = golden["classes"];
  return options;
}

void ExpectNear(const at::Tensor& found, const Json& expected, double tolerance,
                const std::string& what) {
  const auto values = expected.get<std::vector<double>>();
  const at::Tensor golden = at::tensor(values, at::kDouble);
  const at::Tensor flat = found.detach().to(at::kDouble).flatten();
  ASSERT_EQ(flat.numel(), golden.numel()) << what;
  const double scale = golden.abs().max().item<double>();
  // A gradient that vanishes (of a bias before batch norm) is rounding in both.
  EXPECT_LE((flat - golden).abs().max().item<double>(), tolerance * scale + 1e-13) << what;
}

// Norm, first and last value.
at::Tensor Sample(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.flatten();
  return at::stack({flat.norm(), flat[0], flat[-1]});
}

class GoldenNetwork : public testing::TestWithParam<int> {};

TEST_P(GoldenNetwork, LogitsGradientsAndStatistics) {
  const Json golden = Json::parse(ReadFile(test::SourceFolder() / "tests/golden/r3d_golden.json"));
  const Json& expected = golden["cases"].at(static_cast<size_t>(GetParam()));
  SCOPED_TRACE(expected["options"].dump());
  R3d network(ReadOptions(golden, expected["options"]));
  network->to(at::kDouble);
  Fill(*network);
  const at::Tensor clips =
      (2 * test::Noise("clips", golden["shape"].get<std::vector<int64_t>>())).requires_grad_();

  network->eval();
  {
    const at::NoGradGuard no_gradient;
    ExpectNear(network(clips), expected["logits_evaluated"], 1e-10, "evaluated");
  }
  network->train();
  const at::Tensor logits = network(clips);
  ExpectNear(logits, expected["logits_trained"], 1e-10, "trained");
  const at::Tensor labels = at::arange(clips.size(0), at::kLong) % logits.size(1);
  const at::Tensor loss = at::cross_entropy_loss(logits, labels);
  loss.backward();
  EXPECT_NEAR(loss.item<double>(), expected["loss"], 1e-10);
  ExpectNear(Sample(clips.grad()), expected["gradients"]["clips"], 1e-8, "clips");
  size_t num_gradients = 1;
  for (const auto& parameter : network->named_parameters()) {
    ExpectNear(Sample(parameter.value().grad()), expected["gradients"].at(parameter.key()), 1e-8,
               parameter.key());
    ++num_gradients;
  }
  EXPECT_EQ(num_gradients, expected["gradients"].size());
  size_t num_buffers = 0;
  for (const auto& buffer : network->named_buffers()) {
    EXPECT_NEAR(buffer.value().norm().item<double>(), expected["running"].at(buffer.key()), 1e-10)
        << buffer.key();
    ++num_buffers;
  }
  EXPECT_EQ(num_buffers, expected["running"].size());
}

TEST_P(GoldenNetwork, Float32) {
  const Json golden = Json::parse(ReadFile(test::SourceFolder() / "tests/golden/r3d_golden.json"));
  const Json& expected = golden["cases"].at(static_cast<size_t>(GetParam()));
  R3d network(ReadOptions(golden, expected["options"]));
  Fill(*network);
  network->eval();
  const at::NoGradGuard no_gradient;
  const at::Tensor clips = 2 * test::Noise("clips", golden["shape"].get<std::vector<int64_t>>());
  ExpectNear(network(clips.to(at::kFloat)), expected["logits_evaluated"], 1e-5, "evaluated");
}

INSTANTIATE_TEST_SUITE_P(R3d, GoldenNetwork, testing::Range(0, 8));

}  // namespace
}  // namespace reel3d
