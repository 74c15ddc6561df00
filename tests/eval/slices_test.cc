// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/slices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reel3d {
namespace {

using ::testing::ElementsAre;
using Values = std::vector<std::string>;

Values NamesOf(const std::vector<Slice>& slices) {
  Values names;
  for (const Slice& slice : slices) {
    names.push_back(slice.value);
  }
  return names;
}

Values SlicesOf(const Values& values) {
  return NamesOf(MeasureSlices(std::vector<bool>(values.size()), {{"column", values}}));
}

TEST(Slices, FewNumbersAreSlicesAndManyAreQuarters) {
  EXPECT_THAT(SlicesOf({"30", "25", "", "25"}), ElementsAre("25", "30", "(none)"));
  EXPECT_THAT(SlicesOf({"1", "2", "3", "4", "5", "6", "7", "8", "9"}),
              ElementsAre("1 to 3", "above 3 to 5", "above 5 to 7", "above 7 to 9"));
}

TEST(Slices, DifferentNumbersReadDifferently) {
  EXPECT_THAT(SlicesOf({"1000001", "1000002", "0.1"}), ElementsAre("0.1", "1000001", "1000002"));
  EXPECT_THAT(SlicesOf({"20000001", "20000002", "20000003", "20000004", "20000005", "20000006",
                        "20000007", "20000008", "20000009"}),
              ElementsAre("20000001 to 20000003", "above 20000003 to 20000005",
                          "above 20000005 to 20000007", "above 20000007 to 20000009"));
}

// Quartiles are means of two numbers, and such a mean may have sixteen digits.
TEST(Slices, QuartilesAreShownWithSevenDigits) {
  EXPECT_THAT(
      SlicesOf({"0.1", "0.2", "0.3", "0.7", "1.1", "1.3", "1.7", "1.9", "2.3", "2.9"}),
      ElementsAre("0.1 to 0.4", "above 0.4 to 1.2", "above 1.2 to 1.85", "above 1.85 to 2.9"));
}

TEST(Slices, LargeNumbersHaveAllTheirDigits) {
  EXPECT_THAT(SlicesOf({"20240101", "20240102", "20240310", "20240311", "20240620", "20240621",
                        "20240901", "20240902", "20241231", "20241230"}),
              ElementsAre("20240101 to 20240310", "above 20240310 to 20240620",
                          "above 20240620 to 20240902", "above 20240902 to 20241231"));
}

TEST(Slices, AColumnMayNameEachVideo) {
  EXPECT_TRUE(NamesEachVideo({"path", {"a.mp4", "b.mp4", "1"}}));
  EXPECT_FALSE(NamesEachVideo({"source", {"cam", "web", "cam"}}));
  EXPECT_FALSE(NamesEachVideo({"seconds", {"1", "2.5", "3"}}));
  EXPECT_FALSE(NamesEachVideo({"source", {"cam"}}));
}

TEST(Slices, NumbersWithATextAreTexts) {
  EXPECT_THAT(SlicesOf({"10", "9", "x", "9"}), ElementsAre("10", "9", "x"));
  EXPECT_THAT(SlicesOf({"nan", "inf"}), ElementsAre("inf", "nan"));
}

TEST(Slices, ValuesAreOfFourKinds) {
  EXPECT_EQ(KindOf(""), ValueKind::kUnknown);
  for (const char* number : {"0", "-1.5", "1e3", "1e-999"}) {
    EXPECT_EQ(KindOf(number), ValueKind::kNumber) << number;
  }
  for (const char* number : {"nan", "NaN", "-nan", "inf", "-Infinity", "1e999", "-1e999"}) {
    EXPECT_EQ(KindOf(number), ValueKind::kNotFinite) << number;
  }
  for (const char* text : {"x", "1x", " 1", "n/a", "0x10", "1e999x"}) {
    EXPECT_EQ(KindOf(text), ValueKind::kText) << text;
  }
}

TEST(Slices, RareTextsAreOneSlice) {
  Values values;
  for (int text = 0; text < 60; ++text) {
    values.insert(values.end(), text < 50 ? 3 : 2, "text " + std::to_string(100 + text));
  }
  const Values names = SlicesOf(values);
  ASSERT_EQ(names.size(), 51U);
  EXPECT_EQ(names.back(), "(other)");
}

TEST(Slices, ColumnsThatDoNotCutAreNotShown) {
  EXPECT_TRUE(SlicesOf({"a", "a"}).empty());
  EXPECT_TRUE(SlicesOf({"", ""}).empty());
  Values paths;
  for (int path = 0; path < 60; ++path) {
    paths.push_back("path " + std::to_string(path));
  }
  EXPECT_TRUE(SlicesOf(paths).empty());
  EXPECT_TRUE(MeasureSlices({}, {{"column", {}}}).empty());
}

// A slice with one wrong video does not stand out, whatever the mean; one with a hundred does.
TEST(Slices, SmallSlicesDoNotStandOut) {
  std::vector<bool> is_right(1000, true);
  Values values(1000, "usual");
  is_right[0] = false;
  values[0] = "odd";
  EXPECT_FALSE(MeasureSlices(std::vector<bool>(3, true), {{"c", {"a", "a", "b"}}})[1].StandsOut());
  std::vector<bool> mixed = is_right;
  for (size_t video = 1; video < 100; ++video) {
    mixed[video] = false;
  }
  EXPECT_FALSE(MeasureSlices(mixed, {{"c", values}})[0].StandsOut());
  for (size_t video = 1; video < 100; ++video) {
    values[video] = "odd";
  }
  EXPECT_TRUE(MeasureSlices(mixed, {{"c", values}})[0].StandsOut());
}

}  // namespace
}  // namespace reel3d
