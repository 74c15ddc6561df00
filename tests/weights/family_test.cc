// SPDX-License-Identifier: Apache-2.0
#include "lib/weights/family.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "lib/base/error.h"
#include "lib/weights/tensor_shapes.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

TEST(Family, EveryRowIsComplete) {
  std::set<std::string> names;
  for (const Family& family : Families()) {
    EXPECT_TRUE(names.insert(family.name).second) << family.name << " stands twice";
    EXPECT_EQ(&FamilyOf(family.name), &family);
    ASSERT_NE(family.find_layout, nullptr) << family.name;
    EXPECT_FALSE(family.find_layout(TensorShapes({}))) << family.name << " is found in nothing";
    EXPECT_GT(family.clip_frames, 0) << family.name;
    EXPECT_GT(family.clip_size, 0) << family.name;
    EXPECT_FALSE(family.recipes.empty()) << family.name;
    for (const std::string& recipe : family.recipes) {
      EXPECT_TRUE(std::filesystem::is_regular_file(test::SourceFolder() / "configs" / "recipes" /
                                                   (recipe + ".ini")))
          << family.name << ": " << recipe;
    }
  }
}

TEST(Family, AnUnknownOneIsRefusedWithTheNames) {
  try {
    FamilyOf("r4d");
    ADD_FAILURE() << "found";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.what(), testing::HasSubstr("--model r4d: must be one of r3d, preact, wide"));
  }
}

TEST(Family, HelpTextsAreMadeOfTheRows) {
  EXPECT_EQ(DepthsOfFamilies(),
            "10, 18, 34, 50, 101, 152, 200 for r3d, preact and r2p1d; 50, 101, 152, 200 for wide "
            "and resnext; 121, 169, 201, 264 for densenet");
  EXPECT_EQ(NamesOfFamilies([](const Family& family) { return family.has_dropout; }),
            "c3d, c3d-bn and i3d");
  EXPECT_EQ(PublishedValues(&Family::clip_frames), "16; i3d 64");
  EXPECT_EQ(PublishedValues(&Family::clip_size), "112; i3d 224");
  EXPECT_EQ(PublishedRecipes(), "paper2017, cvpr2018, hara2020, torchvision, c3d, i3d");
}

}  // namespace
}  // namespace reel3d
