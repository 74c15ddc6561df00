// Every network must be recognised from the names and shapes of its weights.
// SPDX-License-Identifier: Apache-2.0
#include "lib/weights/weights_layout.h"

#include <gtest/gtest.h>

#include <sstream>

#include "lib/model/network.h"
#include "lib/model/weights.h"
#include "lib/weights/published_names.h"

namespace reel3d {
namespace {

std::vector<TensorHeader> HeadersOfNetwork(const NetworkOptions& options) {
  return HeadersOf(StateDict(*MakeNetwork(options)));
}

// Applies a layout's settings, in the form of an .ini file, to the default options.
NetworkOptions Parse(const WeightsLayout& layout) {
  NetworkOptions options;
  options.num_classes = static_cast<int>(layout.num_classes);
  std::istringstream lines(layout.Config());
  for (std::string key, equals, value; lines >> key >> equals >> value;) {
    if (key == "model") {
      options.model = value;
    } else if (key == "depth") {
      options.depth = std::stoi(value);
    } else if (key == "shortcut") {
      options.shortcut = FindChoice<ShortcutType>(value).value();
    } else if (key == "width") {
      options.width = std::stod(value);
    } else if (key == "stem-channels") {
      options.stem_channels = std::stoi(value);
    } else if (key == "stem-frames") {
      options.stem_frames = std::stoi(value);
    } else {
      ADD_FAILURE() << key;
    }
  }
  return options;
}

// Expects a layout with the same tensors. Its width may differ if the numbers of channels are
// equal.
void ExpectFound(const NetworkOptions& options) {
  SCOPED_TRACE(Describe(options));
  const std::vector<TensorHeader> headers = HeadersOfNetwork(options);
  const std::optional<WeightsLayout> layout = FindLayout(headers);
  ASSERT_TRUE(layout);
  const NetworkOptions found = Parse(*layout);
  EXPECT_EQ(found.model, options.model);
  EXPECT_EQ(found.num_classes, options.num_classes);
  const std::vector<TensorHeader> again = HeadersOfNetwork(found);
  ASSERT_EQ(again.size(), headers.size()) << layout->Describe();
  for (size_t i = 0; i < headers.size(); ++i) {
    EXPECT_EQ(again[i].name, headers[i].name);
    EXPECT_EQ(again[i].shape, headers[i].shape) << headers[i].name << layout->Describe();
  }
  if (layout->settings.find("depth") != std::string::npos) {
    EXPECT_EQ(found.depth, options.depth);
    EXPECT_EQ(found.stem_frames, options.stem_frames);
  }
  if (layout->settings.find("shortcut") != std::string::npos) {
    EXPECT_EQ(found.shortcut, options.shortcut);
  }
}

bool HasDepth(NetworkOptions options, int depth) {
  options.depth = depth;
  try {
    options.Check();
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

class EveryModel : public testing::TestWithParam<std::string> {};

TEST_P(EveryModel, IsFoundAtEveryDepthAndWidth) {
  NetworkOptions options;
  options.model = GetParam();
  const bool has_depths = !HasDepth(options, 11);  // families without depths accept any
  for (const int depth : {10, 18, 34, 50, 101, 121, 152, 169, 200, 201, 264}) {
    if (!HasDepth(options, depth) || (!has_depths && depth != 18)) {
      continue;
    }
    for (const ShortcutType shortcut : {ShortcutType::kA, ShortcutType::kB}) {
      for (const double width : {0.03, 0.0625, 0.1}) {
        options.depth = depth;
        options.shortcut = shortcut;
        options.width = width;
        options.num_classes = depth;
        options.stem_frames = depth > 50 ? 3 : 7;
        ExpectFound(options);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Of, EveryModel, testing::ValuesIn(ModelNames()),
                         [](const testing::TestParamInfo<std::string>& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

std::string DescribeFound(const NetworkOptions& options) {
  return FindLayout(HeadersOfNetwork(options)).value().Describe();
}

TEST(WeightsLayout, SaysTheSizesOfPublishedNetworks) {
  EXPECT_EQ(DescribeFound({}),
            "r3d --depth 18 --shortcut a --width 1 --stem-frames 7, 400 classes");
  NetworkOptions options;
  options.depth = 101;
  options.shortcut = ShortcutType::kB;
  for (const char* model : {"resnext", "wide", "preact", "r2p1d"}) {
    options.model = model;
    EXPECT_EQ(DescribeFound(options), std::string(model) +
                                          " --depth 101 --shortcut b --width 1 "
                                          "--stem-frames 7, 400 classes");
  }
  options.model = "densenet";
  options.depth = 121;
  EXPECT_EQ(DescribeFound(options), "densenet --depth 121 --width 1 --stem-frames 7, 400 classes");
  for (const char* model : {"r3d_18", "mc3_18", "r2plus1d_18", "c3d", "c3d-bn", "i3d"}) {
    options.model = model;
    EXPECT_EQ(DescribeFound(options), std::string(model) + " --width 1, 400 classes");
  }
}

// The first layer of wide and resnext has 64 channels in the authors' code of 2018, and 128 in that
// of 2020. The test uses a quarter of these.
TEST(WeightsLayout, SaysTheChannelsOfTheStemWhereWidthDoesNot) {
  NetworkOptions options;
  options.depth = 50;
  options.shortcut = ShortcutType::kB;
  options.width = 0.25;
  for (const char* model : {"wide", "resnext"}) {
    options.model = model;
    options.stem_channels = 32;
    EXPECT_EQ(DescribeFound(options), std::string(model) +
                                          " --depth 50 --shortcut b --width 0.25 --stem-frames 7 "
                                          "--stem-channels 32, 400 classes");
    options.stem_channels = 16;
    EXPECT_EQ(
        DescribeFound(options),
        std::string(model) + " --depth 50 --shortcut b --width 0.25 --stem-frames 7, 400 classes");
  }
  options.width = 0.1;
  options.stem_channels = 11;
  for (const char* model : {"r3d", "preact", "wide", "resnext", "r2p1d"}) {
    options.model = model;
    ExpectFound(options);
  }
  options.model = "densenet";
  options.depth = 169;
  ExpectFound(options);
}

// If a single tensor has another shape, the network is unknown.
TEST(WeightsLayout, OthersAreNotTakenForOurs) {
  NetworkOptions options;
  options.depth = 50;
  options.width = 0.0625;
  const auto with = [&](const std::string& name, std::vector<int64_t> shape) {
    std::vector<TensorHeader> headers = HeadersOfNetwork(options);
    for (TensorHeader& header : headers) {
      header.shape = header.name == name ? shape : header.shape;
    }
    return FindLayout(headers).has_value();
  };
  EXPECT_TRUE(with("none", {}));
  EXPECT_FALSE(with("layer1.0.conv2.weight", {4, 1, 3, 3, 3}));
  EXPECT_FALSE(with("layer1.0.conv3.weight", {8, 4, 1, 1, 1}));
  EXPECT_FALSE(with("layer2.0.bn1.weight", {16}));
  EXPECT_FALSE(with("conv1.weight", {4, 3, 7, 5, 5}));
  EXPECT_FALSE(with("layer4.0.conv1.weight", {33, 32, 1, 1, 1}));
  EXPECT_FALSE(FindLayout({}));
  options.model = "r2p1d";
  EXPECT_TRUE(with("none", {}));
  EXPECT_FALSE(with("conv1_s.weight", {7, 3, 1, 7, 7}));
  EXPECT_FALSE(with("layer2.0.conv2_s.weight", {17, 8, 1, 3, 3}));
  options.model = "densenet";
  options.depth = 121;
  EXPECT_TRUE(with("none", {}));
  EXPECT_FALSE(with("features.conv1.weight", {4, 3, 7, 5, 5}));
  EXPECT_FALSE(with("features.denseblock1.denselayer1.conv2.weight", {0, 8, 3, 3, 3}));
  EXPECT_FALSE(with("features.denseblock2.denselayer12.conv1.weight", {9, 30, 1, 1, 1}));
  EXPECT_FALSE(with("features.transition3.conv.weight", {31, 64, 1, 1, 1}) &&
               with("features.denseblock4.denselayer1.conv1.weight", {8, 31, 1, 1, 1}));
  EXPECT_FALSE(with("features.norm5.weight", {63}));
  options.depth = 50;
  options.model = "r2plus1d_18";
  EXPECT_TRUE(with("none", {}));
  EXPECT_FALSE(with("stem.0.weight", {3, 3, 1, 7, 7}));
  options.model = "c3d";
  EXPECT_TRUE(with("none", {}));
  EXPECT_FALSE(with("fc6.weight", {256, 32 * 9}));
  EXPECT_FALSE(with("conv4a.weight", {31, 16, 3, 3, 3}));
  options.model = "i3d";
  EXPECT_TRUE(with("none", {}));
  EXPECT_FALSE(with("Mixed_4f.b2b.conv3d.weight", {9, 2, 3, 3, 3}));
}

void Rename(std::vector<TensorHeader>* headers,
            const std::vector<std::pair<std::string, std::string>>& renamings) {
  for (TensorHeader& header : *headers) {
    for (const auto& [from, to] : renamings) {
      const size_t at = header.name.find(from);
      if (at != std::string::npos) {
        header.name.replace(at, from.size(), to);
      }
    }
  }
}

// Renames our names to the authors' and back, so that each name is compared with the authors' name.
void ExpectRenamedBack(const NetworkOptions& options,
                       const std::vector<std::pair<std::string, std::string>>& ours_to_theirs,
                       const std::string& one_of_theirs) {
  const std::vector<TensorHeader> ours = HeadersOfNetwork(options);
  std::vector<TensorHeader> theirs = ours;
  Rename(&theirs, ours_to_theirs);
  EXPECT_TRUE(std::any_of(theirs.begin(), theirs.end(), [&](const TensorHeader& header) {
    return header.name == one_of_theirs;
  }));
  EXPECT_FALSE(FindLayout(theirs));
  UseOurNames(&theirs);
  for (size_t i = 0; i < ours.size(); ++i) {
    EXPECT_EQ(theirs[i].name, ours[i].name);
  }
  UseOurNames(&theirs);
  EXPECT_EQ(theirs.front().name, ours.front().name) << "ours stay";
  EXPECT_TRUE(FindLayout(theirs));
}

TEST(PublishedNames, OfI3d) {
  NetworkOptions options;
  options.model = "i3d";
  options.width = 0.0625;
  ExpectRenamedBack(options,
                    {{"logits.", "conv3d_0c_1x1."},
                     {"Conv3d_", "conv3d_"},
                     {"Mixed_", "mixed_"},
                     {".b0.", ".branch_0."},
                     {".b1a.", ".branch_1.0."},
                     {".b1b.", ".branch_1.1."},
                     {".b2a.", ".branch_2.0."},
                     {".b2b.", ".branch_2.1."},
                     {".b3b.", ".branch_3.1."},
                     {".bn.", ".batch3d."}},
                    "mixed_5c.branch_2.1.batch3d.running_var");
}

TEST(PublishedNames, OfC3d) {
  NetworkOptions options;
  options.model = "c3d";
  options.width = 0.0625;
  ExpectRenamedBack(options,
                    {{"conv1.", "features.0."},
                     {"conv2.", "features.3."},
                     {"conv3a.", "features.6."},
                     {"conv3b.", "features.8."},
                     {"conv4a.", "features.11."},
                     {"conv4b.", "features.13."},
                     {"conv5a.", "features.16."},
                     {"conv5b.", "features.18."},
                     {"fc6.", "classifier.0."},
                     {"fc7.", "classifier.3."},
                     {"fc8.", "classifier.6."}},
                    "features.18.bias");
  // VGG-A, a network for images, has the same names and must keep them.
  std::vector<TensorHeader> vgg = {{"features.0.weight", "F32", {64, 3, 3, 3}},
                                   {"classifier.0.weight", "F32", {4096, 25088}}};
  UseOurNames(&vgg);
  // No name may occur twice.
  std::vector<TensorHeader> both = {{"features.0.weight", "F32", {64, 3, 3, 3, 3}},
                                    {"classifier.0.weight", "F32", {4096, 8192}},
                                    {"conv1.weight", "F32", {1}}};
  UseOurNames(&both);
  EXPECT_EQ(both[0].name, "features.0.weight");
  EXPECT_EQ(vgg[0].name, "features.0.weight");
}

// Tests names of torchvision since 0.2.1, whose layers are named as in the 2020 code, and names of
// the 2018 code as DataParallel saves them.
TEST(PublishedNames, OfDenseNet) {
  NetworkOptions options;
  options.model = "densenet";
  options.depth = 121;
  options.width = 0.0625;
  const std::vector<std::pair<std::string, std::string>> stem = {
      {"features.conv1.", "features.conv0."}, {"features.norm1.", "features.norm0."}};
  ExpectRenamedBack(options, stem, "features.norm0.running_mean");
  std::vector<std::pair<std::string, std::string>> of_2018 = stem;
  for (const std::string number : {"1", "2"}) {
    of_2018.emplace_back(".norm" + number + ".", ".norm." + number + ".");
    of_2018.emplace_back(".conv" + number + ".", ".conv." + number + ".");
  }
  std::vector<TensorHeader> wrapped = HeadersOfNetwork(options);
  Rename(&wrapped, of_2018);
  for (TensorHeader& header : wrapped) {
    header.name.insert(0, "module.");
  }
  EXPECT_EQ(wrapped[3].name, "module.features.denseblock1.denselayer1.norm.1.weight");
  UseOurNames(&wrapped);
  EXPECT_EQ(wrapped[3].name, "features.denseblock1.denselayer1.norm1.weight");
  EXPECT_TRUE(FindLayout(wrapped));
  // A DenseNet for images has tensors of four axes and keeps its names.
  std::vector<TensorHeader> of_images = {
      {"features.conv0.weight", "F32", {64, 3, 7, 7}},
      {"features.denseblock1.denselayer1.conv.2.weight", "F32", {32, 128, 3, 3}}};
  UseOurNames(&of_images);
  EXPECT_EQ(of_images[0].name, "features.conv0.weight");
}

}  // namespace
}  // namespace reel3d
