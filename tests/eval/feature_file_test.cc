// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/feature_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "tests/eval/flipped_bits.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using ::testing::HasSubstr;

FeatureTable Example() {
  FeatureTable table;
  table.checkpoint = "step-00000040 crc 1234abcd";
  table.data = "89abcdef";
  table.layer = "fc, input";
  table.classes = {"jump", "walk"};
  table.videos = {{"a", 1}, {"b", -1}};
  table.video = {0, 0, 1};
  table.first_frame = {0, 16, 0};
  table.num_clips = {1, 1, 4};
  table.shape = {2, 1, 1, 2};
  table.values = {0.5F, -1, 3.25F, 0, -0.125F, 1e-30F, 7, 8, 9, 10, 11, 12};
  return table;
}

bool Same(const FeatureTable& a, const FeatureTable& b) {
  const auto texts = [](const FeatureTable& table) {
    return std::tie(table.checkpoint, table.data, table.layer, table.classes, table.video,
                    table.first_frame, table.num_clips, table.shape, table.values);
  };
  return texts(a) == texts(b) &&
         std::equal(a.videos.begin(), a.videos.end(), b.videos.begin(), b.videos.end(),
                    [](const ScoredVideo& one, const ScoredVideo& other) {
                      return one.id == other.id && one.label == other.label;
                    });
}

TEST(FeatureFile, ReadsBackWhatWasWritten) {
  const test::TemporaryFolder folder;
  WriteFeatures(folder / "features.h5", Example());
  EXPECT_TRUE(Same(ReadFeatures(folder / "features.h5"), Example()));
}

TEST(FeatureFile, AFlippedBitIsFoundOrChangesNothing) {
  const test::TemporaryFolder folder;
  const auto file = folder / "features.h5";
  WriteFeatures(file, Example());
  const auto reads_the_same = [&] { return Same(ReadFeatures(file), Example()); };
  test::ExpectDamageIsFoundOrHarmless(file, reads_the_same, "extract them again");
}

TEST(FeatureFile, NamesStandInTablesSoTheyAreUniqueAndNotEmpty) {
  const test::TemporaryFolder folder;
  FeatureTable twice = Example(), empty = Example();
  twice.videos[1].id = "a";
  empty.classes[1] = "";
  for (const auto& [table, why] :
       {std::pair(twice, "/videos/id holds 'a' twice"), {empty, "holds an empty text"}}) {
    WriteFeatures(folder / "features.h5", table);
    try {
      ReadFeatures(folder / "features.h5");
      ADD_FAILURE() << why;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(why));
    }
  }
}

}  // namespace
}  // namespace reel3d
