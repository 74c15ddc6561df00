// Compares small networks of every family with PyTorch (tests/golden/make_network_golden.py).
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "lib/base/file.h"
#include "lib/model/conv_unit.h"
#include "lib/model/network.h"
#include "lib/model/weights.h"
#include "tests/model/golden_options.h"
#include "tests/model/noise.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using Json = nlohmann::json;

// Digests as in digests() of the script. The key is the first part of the tensors' names, without
// "features.". The values are the norm of all these tensors and their scalar product with noise.
using Digests = std::map<std::string, std::pair<double, double>>;

void AddTo(Digests* digests, const std::string& name, const at::Tensor& tensor) {
  const at::Tensor values = tensor.detach().to(at::kDouble);
  const size_t begin = name.rfind("features.", 0) == 0 ? std::string("features.").size() : 0;
  auto& [norm, product] = (*digests)[name.substr(begin, name.find('.', begin) - begin)];
  norm = std::hypot(norm, values.norm().item<double>());
  product += (values * test::Noise("probe " + name, values.sizes().vec())).sum().item<double>();
}

void ExpectNear(const std::pair<double, double>& found, const Json& expected, double tolerance,
                const std::string& what) {
  const double scale = tolerance * expected[0].get<double>();
  EXPECT_NEAR(found.first, expected[0].get<double>(), scale) << what;
  EXPECT_NEAR(found.second, expected[1].get<double>(), scale) << what;
}

void ExpectNear(const Digests& found, const Json& expected, double tolerance) {
  EXPECT_EQ(found.size(), expected.size());
  for (const auto& [name, digest] : found) {
    ExpectNear(digest, expected.at(name), tolerance, name);
  }
}

void ExpectNear(const at::Tensor& found, const Json& expected, double tolerance,
                const std::string& what) {
  const at::Tensor golden = at::tensor(expected.get<std::vector<double>>(), at::kDouble);
  const at::Tensor flat = found.detach().to(at::kDouble).flatten();
  ASSERT_EQ(flat.numel(), golden.numel()) << what;
  EXPECT_LE((flat - golden).abs().max().item<double>(),
            tolerance * golden.abs().max().item<double>())
      << what;
}

class GoldenNetwork : public testing::TestWithParam<int> {
 protected:
  GoldenNetwork()
      : golden_(Json::parse(ReadFile(test::SourceFolder() / "tests/golden/network_golden.json"))),
        expected_(golden_["cases"].at(static_cast<size_t>(GetParam()))) {}

  Network MakeFilled(at::ScalarType type) const {
    Network network = MakeNetwork(test::GoldenOptions(expected_["options"], golden_["classes"]));
    network->to(type);
    test::FillWithNoise(*network);
    return network;
  }

  // Computes the first convolution as GPUs do.
  Network MakeFolded(at::ScalarType type) const {
    Network network = MakeFilled(type);
    ConvolutionImpl* first = ConvolutionsOf(*network).front();
    EXPECT_TRUE(first->CanFold());
    first->Use({Arithmetic::kOfWeights, /*folded=*/true});
    network->eval();
    return network;
  }

  at::Tensor Clips(at::ScalarType type) const {
    return (2 * test::Noise(expected_["clips"], expected_["shape"].get<std::vector<int64_t>>()))
        .to(type);
  }

  // Compares logits and gradients of one pass with PyTorch's, each within its tolerance.
  void ExpectPass(Network& network, const Json& expected, double logits_tolerance,
                  double gradient_tolerance) const {
    network->zero_grad();
    const at::ScalarType type = network->parameters()[0].scalar_type();
    const at::Tensor clips = Clips(type).requires_grad_();
    const at::Tensor logits = network(clips);
    ExpectNear(logits, expected["logits"], logits_tolerance, "logits");
    const at::Tensor labels = at::arange(clips.size(0), at::kLong) % logits.size(1);
    at::cross_entropy_loss(logits, labels).backward();
    Digests gradients;
    AddTo(&gradients, "clips", clips.grad());
    for (const auto& parameter : network->named_parameters()) {
      AddTo(&gradients, parameter.key(), parameter.value().grad());
    }
    ExpectNear(gradients, expected["gradients"], gradient_tolerance);
  }

  const Json golden_;
  const Json& expected_;
};

TEST_P(GoldenNetwork, Float64) {
  SCOPED_TRACE(expected_["options"].dump());
  Network network = MakeFilled(at::kDouble);
  network->eval();
  ExpectPass(network, expected_["evaluated"], 1e-10, 1e-9);
  network->train();
  ExpectPass(network, expected_["trained"], 1e-10, 1e-8);
  Digests statistics;
  for (const auto& buffer : network->named_buffers()) {
    AddTo(&statistics, "all." + buffer.key(), buffer.value());
  }
  ExpectNear(statistics["all"], expected_["statistics"], 1e-10, "statistics");
}

// The network is in evaluation mode. Statistics of so few values would amplify rounding, as they do
// in Python's float32.
TEST_P(GoldenNetwork, Float32) {
  SCOPED_TRACE(expected_["options"].dump());
  Network network = MakeFilled(at::kFloat);
  network->eval();
  ExpectPass(network, expected_["evaluated"], 1e-5, 1e-5);
}

TEST_P(GoldenNetwork, WithAFoldedFirstConvolution) {
  SCOPED_TRACE(expected_["options"].dump());
  Network exact = MakeFolded(at::kDouble);
  ExpectPass(exact, expected_["evaluated"], 1e-10, 1e-9);
  Network network = MakeFolded(at::kFloat);
  ExpectPass(network, expected_["evaluated"], 1e-5, 1e-5);
}

INSTANTIATE_TEST_SUITE_P(Families, GoldenNetwork, testing::Range(0, 34));

// The tests above use all golden cases.
TEST(GoldenNetworks, AreAllTested) {
  const Json golden =
      Json::parse(ReadFile(test::SourceFolder() / "tests/golden/network_golden.json"));
  EXPECT_EQ(golden["cases"].size(), 34U);
  std::map<std::string, int> cases;
  for (const Json& one : golden["cases"]) {
    ++cases[one["options"]["model"]];
  }
  for (const std::string& model : ModelNames()) {
    EXPECT_GT(cases[model], 0) << model;
  }
}

}  // namespace
}  // namespace reel3d
