// SPDX-License-Identifier: Apache-2.0
#include "lib/report/draw/time_lanes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

namespace reel3d::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

size_t CountOf(const std::string& text, const char* pattern) {
  const std::regex what(pattern);
  return static_cast<size_t>(
      std::distance(std::sregex_iterator(text.begin(), text.end(), what), {}));
}

TEST(TimeLanes, DrawsASharePerLaneAndPart) {
  const std::string svg =
      DrawTimeLanes({{"rise", "<fall>"}, {{0, 2, {0.9, 0.005}}, {2, 4, {0.2, 0.8}}}}).content;
  EXPECT_THAT(svg, HasSubstr("rise: 90.0 % from 0.0 s to 2.0 s"));
  EXPECT_THAT(svg, HasSubstr("&lt;fall&gt;: 80.0 % from 2.0 s to 4.0 s"));
  EXPECT_THAT(svg, Not(HasSubstr("0.5 %"))) << "too small to be drawn";
  EXPECT_EQ(CountOf(svg, "class=\"s[0-9]\"><title>"), 3U);
}

TEST(TimeLanes, JoinsManyPartsToTheirMean) {
  TimeLanes lanes = {{"rise"}, {}};
  for (int part = 0; part < 4000; ++part) {
    lanes.parts.push_back({part * 1.0, part + 1.0, {part % 2 == 0 ? 0.8 : 0.4}});
  }
  const std::string svg = DrawTimeLanes(lanes).content;
  EXPECT_EQ(CountOf(svg, "<title>"), kMostParts);
  EXPECT_THAT(svg, HasSubstr("rise: 60.0 % from 0:00:10 to 0:00:20"));
  EXPECT_THAT(svg, HasSubstr("minutes"));
}

TEST(TimeLanes, WithoutPartsIsEmpty) { EXPECT_EQ(DrawTimeLanes({}).content, ""); }

}  // namespace
}  // namespace reel3d::report
