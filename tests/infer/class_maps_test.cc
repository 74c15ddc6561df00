// Compares class maps with PyPI's grad-cam (tests/golden/make_cam_golden.py), and checks that exact
// maps add up to the logits.
// SPDX-License-Identifier: Apache-2.0
#include "lib/infer/class_maps.h"

#include <gtest/gtest.h>
#include <torch/autograd.h>

#include <nlohmann/json.hpp>

#include "lib/base/file.h"
#include "tests/model/golden_options.h"
#include "tests/model/small_network.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using nlohmann::json;

json GoldenCases() {
  return json::parse(ReadFile(test::SourceFolder() / "tests/golden/cam_golden.json"));
}

at::Tensor Clips(const std::vector<int64_t>& shape) { return 2 * test::Noise("clips", shape); }

class GoldenMaps : public testing::TestWithParam<size_t> {};

TEST_P(GoldenMaps, EqualThoseOfGradCam) {
  const json golden = GoldenCases();
  const json& expected = golden["cases"].at(GetParam());
  SCOPED_TRACE(expected["options"].dump());
  Network network =
      test::MakeFilled(test::GoldenOptions(expected["options"], golden["classes"]), at::kDouble);
  const at::Tensor labels = at::tensor(expected["labels"].get<std::vector<int64_t>>(), at::kLong);
  const ClassMaps found =
      ComputeClassMaps(network, Clips(expected["shape"].get<std::vector<int64_t>>()), labels,
                       expected["stages_left"]);
  const auto shape = expected["map_shape"].get<std::vector<int64_t>>();
  ASSERT_EQ(found.maps.sizes().vec(), shape);
  const at::Tensor maps =
      at::tensor(expected["maps"].get<std::vector<double>>(), at::kDouble).view(shape) *
      static_cast<double>(shape[1] * shape[2] * shape[3]);
  ASSERT_GT(maps.abs().max().item<double>(), 0);
  EXPECT_LE((found.maps.to(at::kDouble) - maps).abs().max().item<double>(),
            1e-4 * maps.abs().max().item<double>());
  const auto logits = expected["logits"].get<std::vector<std::vector<double>>>();
  for (size_t row = 0; row < logits.size(); ++row) {
    for (size_t column = 0; column < logits[row].size(); ++column) {
      EXPECT_NEAR(found.logits[row][column].item<double>(), logits[row][column],
                  1e-4 * std::abs(logits[row][column]));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, GoldenMaps, testing::Range<size_t>(0, 10));

TEST(GoldenMaps, AreAllTested) { EXPECT_EQ(GoldenCases()["cases"].size(), 10U); }

at::Tensor BiasOf(const Network& network) {
  at::Tensor bias;
  for (const auto& parameter : network->named_parameters()) {
    bias = parameter.value();  // the last parameter is that of the last layer
  }
  EXPECT_EQ(bias.dim(), 1);
  return bias.detach();
}

class EachFamily : public testing::TestWithParam<std::string> {};

// The mean of an exact map plus the class's bias is the logit.
TEST_P(EachFamily, ExactMapsAddUpToTheLogits) {
  const bool is_c3d = GetParam().rfind("c3d", 0) == 0;
  Network network =
      test::MakeFilled(test::SmallNetwork(GetParam(), 0.125, ShortcutType::kB), at::kFloat);
  EXPECT_EQ(network->HasLinearHead(), !is_c3d);
  const at::Tensor clips = Clips({2, 3, 16, is_c3d ? 112 : 64, is_c3d ? 112 : 80}).to(at::kFloat);
  const at::Tensor logits = network->forward(clips).detach();
  const double tolerance = 1e-5 * logits.abs().max().item<double>();
  for (const int64_t label : {int64_t{0}, logits.size(1) - 1}) {
    const ClassMaps found = ComputeClassMaps(network, clips, at::full({2}, label, at::kLong));
    EXPECT_LE((found.logits - logits).abs().max().item<double>(), tolerance);
    if (is_c3d) {
      EXPECT_GE(found.maps.min().item<float>(), 0);
      continue;
    }
    const at::Tensor sums = found.maps.mean({1, 2, 3}) + BiasOf(network)[label];
    // Places cancel in the sum, so it is as exact as they are large, on any processor.
    const double of_places = 1e-5 * found.maps.abs().mean({1, 2, 3}).max().item<double>();
    EXPECT_LE((sums - logits.select(1, label)).abs().max().item<double>(), tolerance + of_places);
  }
  for (const at::Tensor& parameter : network->parameters()) {
    EXPECT_FALSE(parameter.grad().defined());
  }
}

// The two halves of a network are the network, wherever it is split.
TEST_P(EachFamily, CanBeSplitBehindEachStage) {
  const bool is_c3d = GetParam().rfind("c3d", 0) == 0;
  Network network =
      test::MakeFilled(test::SmallNetwork(GetParam(), 0.125, ShortcutType::kB), at::kDouble);
  const int64_t size = is_c3d ? 112 : 64;
  const at::Tensor clips = Clips({1, 3, 16, size, size});
  const at::NoGradGuard no_grad;
  const at::Tensor logits = network->forward(clips);
  int64_t last_height = 0;
  for (int left = 0; left <= NetworkImpl::kMostStagesLeft; ++left) {
    const at::Tensor features = network->FeaturesOf(clips, left);
    // The first stage of I3D begins without a pooling.
    const bool may_be_equal = GetParam() == "i3d" && left == 3;
    EXPECT_GE(features.size(3), last_height + (may_be_equal ? 0 : 1)) << left;
    last_height = features.size(3);
    EXPECT_TRUE(at::equal(network->LogitsOf(features, left), logits)) << left;
  }
}

// Maps are the same if the network is prepared for evaluation, as the tools do.
TEST_P(EachFamily, MapsStayIfBatchNormsAreAbsorbed) {
  const bool is_c3d = GetParam().rfind("c3d", 0) == 0;
  Network network =
      test::MakeFilled(test::SmallNetwork(GetParam(), 0.125, ShortcutType::kB), at::kDouble);
  const int64_t size = is_c3d ? 112 : 64;
  const at::Tensor clips = Clips({1, 3, 16, size, size});
  const at::Tensor label = at::full({1}, 2, at::kLong);
  const at::Tensor before = ComputeClassMaps(network, clips, label).maps;
  network->AbsorbBatchNorms();
  const at::Tensor after = ComputeClassMaps(network, clips, label).maps;
  EXPECT_LE((after - before).abs().max().item<double>(),
            1e-5 * before.abs().max().item<double>() + 1e-9);
}

INSTANTIATE_TEST_SUITE_P(Families, EachFamily, testing::ValuesIn(ModelNames()));

at::Tensor EnlargeMaps(const at::Tensor& maps, int64_t frames, int64_t height, int64_t width) {
  constexpr PlaceRule kRule = PlaceRule::kEqualParts;
  const at::Tensor rows = EnlargeAxis(EnlargeAxis(maps, 1, frames, kRule, 0), 2, height, kRule, 0);
  return EnlargeAxis(rows, 3, width, kRule, 0);
}

TEST(EnlargedMaps, KeepPlacesAndMean) {
  at::Tensor map = at::zeros({1, 2, 4, 4}, at::kFloat);
  map[0][1][0][3] = 1;
  const at::Tensor large = EnlargeMaps(map, 16, 112, 56);
  ASSERT_EQ(large.sizes().vec(), (std::vector<int64_t>{1, 16, 112, 56}));
  EXPECT_NEAR(large.mean().item<double>(), 1.0 / 32, 1e-6);
  // Each place has its value at the centre of its part: here rows 0 .. 27 and columns 42 .. 55.
  EXPECT_NEAR(large[0][15][13][49].item<double>(), 1, 1e-6);
  EXPECT_NEAR(large[0][12][14][48].item<double>(), (1 - 0.5 / 28) * (1 - 0.5 / 14), 0.04);
  EXPECT_EQ(large[0][0][13][49].item<double>(), 0);
  EXPECT_EQ(large[0][15][70][49].item<double>(), 0);
  const at::Tensor constant = EnlargeMaps(at::full({2, 1, 1, 1}, 3, at::kFloat), 5, 7, 9);
  EXPECT_TRUE(at::equal(constant, at::full({2, 5, 7, 9}, 3, at::kFloat)));
}

TEST(EnlargedMaps, OfEqualPartsAreThoseOfTorch) {
  const at::Tensor maps = test::Noise("maps", {2, 3, 5, 4}).to(at::kFloat);
  const at::Tensor torch =
      at::upsample_trilinear3d(maps.unsqueeze(1), {16, 37, 20}, /*align_corners=*/false).squeeze(1);
  EXPECT_LE((EnlargeMaps(maps, 16, 37, 20) - torch).abs().max().item<double>(), 1e-5);
}

// Returns the middle of the pixels of a column of the clip that place `place` of `features` depends
// on: of the rows whose gradient is not 0.
double MiddleOfReceptiveField(const at::Tensor& clip, const at::Tensor& features, int64_t place) {
  const int64_t column = features.size(4) / 2;
  const at::Tensor seen = features.select(2, 0).select(2, place).select(2, column).sum();
  const at::Tensor gradient = torch::autograd::grad({seen}, {clip}).front();
  const at::Tensor rows = gradient.abs().amax({0, 1, 2, 4}).nonzero();
  return (rows.min().item<double>() + rows.max().item<double>()) / 2;
}

// Enlarged maps have the value of a place where the place looks, at a place whose receptive field
// is inside the clip.
TEST_P(EachFamily, EarlierMapsLieWhereTheirPlacesLook) {
  const bool is_c3d = GetParam().rfind("c3d", 0) == 0;
  Network network =
      test::MakeFilled(test::SmallNetwork(GetParam(), 0.125, ShortcutType::kB), at::kFloat);
  const int64_t size = is_c3d ? 112 : 160;
  const at::Tensor clip = Clips({1, 3, 16, size, size}).to(at::kFloat);
  clip.requires_grad_();
  for (const int left : {2, 3}) {
    const at::Tensor features = network->FeaturesOf(clip, left);
    const int64_t num_places = features.size(3);
    at::Tensor map = at::zeros({num_places}, at::kDouble);
    map[num_places / 2] = 1;
    const at::Tensor large = EnlargeAxis(map, 0, size, PlaceRuleOf(network, left), size);
    const at::Tensor rows = at::arange(size, at::kDouble);
    const double middle = ((large * rows).sum() / large.sum()).item<double>();
    const double expected = MiddleOfReceptiveField(clip, features, num_places / 2);
    // In the others each place counts as an equal part, up to half a part from where it looks.
    const double half_part = static_cast<double>(size) / static_cast<double>(num_places) / 2;
    EXPECT_NEAR(middle, expected, network->PlacesBeginAtZero() ? 0.01 : half_part) << left;
  }
}

TEST(EnlargedMaps, FromZeroHavePlacesAtMultiplesOfTheStep) {
  const at::Tensor map = at::tensor(std::vector<float>{0, 1, 2, 3, 4, 5}, at::kFloat);
  const at::Tensor large = EnlargeAxis(map, 0, 48, PlaceRule::kFromZero, 48);
  for (const int64_t pixel : {0, 8, 12, 40}) {
    EXPECT_NEAR(large[pixel].item<double>(), static_cast<double>(pixel) / 8, 1e-6);
  }
  EXPECT_EQ(large[47].item<float>(), 5);
  // 6 places of 16 frames, with a stride of 3.
  EXPECT_NEAR(EnlargeAxis(map, 0, 16, PlaceRule::kFromZero, 16)[9].item<double>(), 3, 1e-6);
}

}  // namespace
}  // namespace reel3d
