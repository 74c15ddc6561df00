// Reads files of Python's torch.save (tests/golden/make_pth_golden.py), and files that we wrote.
// SPDX-License-Identifier: Apache-2.0
#include "lib/weights/pth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cstring>
#include <map>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/model/weights_file.h"
#include "lib/weights/weights_header.h"
#include "tests/model/noise.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;

fs::path Golden(const std::string& name) { return test::SourceFolder() / "tests/golden" / name; }

bool SameBits(const at::Tensor& a, const at::Tensor& b) {
  return a.sizes() == b.sizes() && a.scalar_type() == b.scalar_type() &&
         std::memcmp(a.contiguous().data_ptr(), b.contiguous().data_ptr(), a.nbytes()) == 0;
}

std::map<std::string, at::Tensor> ByName(const fs::path& file) {
  const NamedTensors tensors = LoadWeights(file);
  return {tensors.begin(), tensors.end()};
}

// Returns the tensors of every_kind() of the script.
NamedTensors EveryKind() {
  const at::Tensor shared = test::Noise("shared", {4, 3}).to(at::kFloat);
  return {{"whole", shared},
          {"row", shared[2]},
          {"turned", shared.t()},
          {"parameter", test::Noise("parameter", {2}).to(at::kFloat)},
          {"half", test::Noise("half", {3}).to(at::kHalf)},
          {"bfloat", test::Noise("bfloat", {3}).to(at::kBFloat16)},
          {"double", test::Noise("double", {2, 2})},
          {"long", at::tensor({int64_t{-1}, int64_t{1} << 62})},
          {"int", at::tensor({-5, 6}, at::kInt)},
          {"truth", at::tensor({1, 0, 1}, at::kInt).to(at::kBool)},
          {"scalar", at::scalar_tensor(2.5, at::kFloat)},
          {"none", at::zeros({0, 4})}};
}

class EveryKindOf : public testing::TestWithParam<const char*> {};

TEST_P(EveryKindOf, ReadsAsWritten) {
  const std::map<std::string, at::Tensor> found = ByName(Golden(GetParam()));
  EXPECT_EQ(found.size(), EveryKind().size());
  for (const auto& [name, tensor] : EveryKind()) {
    ASSERT_EQ(found.count(name), 1U) << name;
    EXPECT_TRUE(SameBits(found.at(name), tensor)) << name << "\n" << found.at(name);
  }
}

INSTANTIATE_TEST_SUITE_P(Pth, EveryKindOf,
                         testing::Values("kinds_zip.pth", "kinds_legacy.pth",
                                         "kinds_protocol4.pth"));

// Expects the network of the script: names without "module.", and every value from the formula.
void ExpectNetwork(const fs::path& file, at::ScalarType type) {
  const std::map<std::string, at::Tensor> found = ByName(file);
  EXPECT_EQ(found.size(), 74U);
  for (const auto& [name, tensor] : found) {
    const at::Tensor expected =
        tensor.is_floating_point() ? test::Noise(name, tensor.sizes().vec()).to(at::kFloat).to(type)
                                   : at::scalar_tensor(7, at::kLong);
    EXPECT_TRUE(SameBits(tensor, expected)) << name;
  }
  EXPECT_EQ(found.at("conv1.weight").sizes(), (at::IntArrayRef{1, 3, 3, 7, 7}));
  EXPECT_EQ(found.at("layer4.0.downsample.1.running_var").sizes(), at::IntArrayRef{8});
}

TEST(Pth, ReadsAWholeCheckpointOfDataParallel) {
  ExpectNetwork(Golden("checkpoint_zip.pth"), at::kFloat);
  const WeightsHeader header = ReadWeightsHeader(Golden("checkpoint_zip.pth"));
  EXPECT_EQ(header.format, "torch.save, zip");
  EXPECT_EQ(header.notes.at("epoch"), "12");
  EXPECT_EQ(header.notes.at("arch"), "resnet-10");
}

TEST(Pth, ReadsHalfPrecisionInTheLegacyForm) {
  ExpectNetwork(Golden("half_legacy.pth"), at::kHalf);
  EXPECT_EQ(ReadWeightsHeader(Golden("half_legacy.pth")).format, "torch.save, legacy");
}

TEST(Pth, OursComeBackBitForBit) {
  const test::TemporaryFolder folder;
  SavePth(folder / "a", EveryKind());
  SavePth(folder / "b", EveryKind());
  EXPECT_EQ(ReadFile(folder / "a"), ReadFile(folder / "b"));
  const std::map<std::string, at::Tensor> found = ByName(folder / "a");
  EXPECT_EQ(found.size(), EveryKind().size());
  for (const auto& [name, tensor] : EveryKind()) {
    EXPECT_TRUE(SameBits(found.at(name), tensor)) << name;
  }
  SavePth(folder / "none", {});
  EXPECT_TRUE(LoadWeights(folder / "none").empty());
}

TEST(Pth, FilesAreToldByTheirContents) {
  const test::TemporaryFolder folder;
  SaveTensors(folder / "a.pth", EveryKind());
  EXPECT_EQ(ReadWeightsHeader(folder / "a.pth").format, "safetensors");
  EXPECT_EQ(LoadWeights(folder / "a.pth").size(), EveryKind().size());
}

TEST(Pth, TellsOfAFullDisk) {
  if (!fs::exists("/dev/full")) {
    GTEST_SKIP() << "no /dev/full here";
  }
  try {
    SavePth("/dev/full", {{"a", at::zeros({1000})}});
    ADD_FAILURE() << "a full disk took it";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kEnvironment);
  }
}

}  // namespace
}  // namespace reel3d
