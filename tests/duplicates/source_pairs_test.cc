// SPDX-License-Identifier: Apache-2.0
#include "lib/duplicates/source_pairs.h"

#include <gtest/gtest.h>

namespace reel3d {
namespace {

VideoRow Row(const std::string& id, std::optional<double> begin_s = {},
             std::optional<double> end_s = {}) {
  VideoRow row;
  row.id = id;
  row.begin_s = begin_s;
  row.end_s = end_s;
  return row;
}

std::vector<SourcePair> Pairs(const std::vector<SourcePart>& parts) {
  return FindSourcePairs(parts, [](size_t, size_t) { return true; });
}

TEST(SourceOf, ReadsTheNamesOfPublishedSets) {
  const SourcePart kinetics = SourceOf(Row("x"), "/d/val/-_a1B2c3D4e_000012_000022.mp4");
  EXPECT_EQ(kinetics.source, "youtube:-_a1B2c3D4e");
  EXPECT_EQ(kinetics.begin_s, 12);
  EXPECT_EQ(kinetics.end_s, 22);
  const SourcePart activity = SourceOf(Row("x", 3, 8.5), "/d/v__a1B2c3D4-e.mkv");
  EXPECT_EQ(activity.source, "youtube:_a1B2c3D4-e");
  EXPECT_EQ(activity.begin_s, 3);
  EXPECT_EQ(activity.end_s, 8.5);
  EXPECT_EQ(SourceOf(Row("v_abcdefghijk#3"), "/d/7.mp4").source, "youtube:abcdefghijk");
}

TEST(SourceOf, PartsOfAClipAreCountedFromItsBegin) {
  const SourcePart part = SourceOf(Row("x", 2, 30), "abcdefghijk_000100_000110.mp4");
  EXPECT_EQ(part.begin_s, 102);
  EXPECT_EQ(part.end_s, 110);
}

TEST(SourceOf, OtherNamesAreTheirOwnSource) {
  for (const char* file :
       {"/d/basketballs.mp4", "/d/v_short.mp4", "/d/v_abcdefghijkl.mp4",
        "/d/abcdefghijk_00012_000022.mp4", "/d/abcdefghijk_000022_000012.mp4",
        "/d/abcdefghij!_000012_000022.mp4", "/d/abcdefghijk_00001a_000022.mp4"}) {
    EXPECT_EQ(SourceOf(Row("x"), file).source, std::string("file:") + file);
  }
}

TEST(FindSourcePairs, FindsOverlapsWithinASource) {
  const std::vector<SourcePart> parts = {{"youtube:a", 10, 20},
                                         {"youtube:a", 20, 30},
                                         {"youtube:b", 10, 20},
                                         {"youtube:a", 15, 25},
                                         {"youtube:a", 12, 14}};
  const std::vector<SourcePair> pairs = Pairs(parts);
  ASSERT_EQ(pairs.size(), 3U);
  EXPECT_EQ(pairs[0].a, 0U);
  EXPECT_EQ(pairs[0].b, 3U);
  EXPECT_EQ(pairs[0].offset_s, -5);
  EXPECT_EQ(pairs[0].score, 0.5);
  EXPECT_EQ(pairs[1].b, 4U);
  EXPECT_EQ(pairs[1].score, 1);
  EXPECT_EQ(pairs[2].a, 1U);
  EXPECT_EQ(pairs[2].b, 3U);
  EXPECT_EQ(pairs[2].offset_s, 5);
}

TEST(FindSourcePairs, AWholeFileOverlapsAllOfItsParts) {
  const double forever = std::numeric_limits<double>::infinity();
  const std::vector<SourcePair> pairs =
      Pairs({{"file:a", 0, forever}, {"file:a", 50, 60}, {"file:a", 0, forever}});
  ASSERT_EQ(pairs.size(), 3U);
  for (const SourcePair& pair : pairs) {
    EXPECT_EQ(pair.score, 1);
  }
}

TEST(FindSourcePairs, LeavesOutWhatMayNotBeCompared) {
  EXPECT_TRUE(
      FindSourcePairs({{"a", 0, 9}, {"a", 0, 9}}, [](size_t, size_t) { return false; }).empty());
}

}  // namespace
}  // namespace reel3d
