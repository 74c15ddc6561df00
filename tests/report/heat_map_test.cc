// SPDX-License-Identifier: Apache-2.0
#include "lib/report/draw/heat_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <string>

namespace reel3d::report {
namespace {

TEST(HeatMap, ShadesShares) {
  EXPECT_EQ(ShadeOf(0), 0);
  EXPECT_EQ(ShadeOf(0.01), 1);
  EXPECT_EQ(ShadeOf(0.05), 1);
  EXPECT_EQ(ShadeOf(0.2), 3);
  EXPECT_EQ(ShadeOf(1), 6);
}

TEST(HeatMap, NamesFewClassesAndCountsTheirVideos) {
  const std::string svg =
      DrawHeatMap({"true", "said", {"rise", "<fall>"}, {{0, 0, 7}, {0, 1, 3}, {1, 1, 1}}}).content;
  EXPECT_THAT(svg, ::testing::HasSubstr("true rise as &lt;fall&gt;: 3"));
  EXPECT_THAT(svg, ::testing::HasSubstr("class=\"s5\""));  // 7 of 10
}

// Returns the x at which the last column of the map ends.
double RightEdge(const std::string& svg) {
  const std::regex map(
      "<rect x=\"([0-9.]+)\" y=\"[0-9.]+\" width=\"([0-9.]+)\" height=\"[0-9.]+\" "
      "class=\"under\">");
  std::smatch found;
  return std::regex_search(svg, found, map) ? std::stod(found[1]) + std::stod(found[2]) : 0;
}

TEST(HeatMap, LeavesRoomForTheSlantedNameOfTheLastColumn) {
  const std::vector<std::string> names(12, std::string(16, 'm'));
  const Drawing drawing = DrawHeatMap({"true", "said", names, {{0, 0, 7}}});
  // At a slant of 45 degrees a name reaches 0.7 of its length to the right of its column's middle.
  EXPECT_GT(RightEdge(drawing.content), 200);
  EXPECT_LT(RightEdge(drawing.content) + 0.7 * 16 * 7.6, drawing.width + 12);
}

TEST(HeatMap, JoinsEqualNeighboursOfManyClasses) {
  HeatMap map = {"true", "said", std::vector<std::string>(400, "name"), {}};
  for (size_t column = 10; column < 20; ++column) {
    map.cells.push_back({3, column, 1});  // a tenth each
  }
  map.cells.push_back({4, 4, 5});
  const std::string svg = DrawHeatMap(map).content;
  EXPECT_THAT(svg, ::testing::HasSubstr("<path d=\"M10 3h10v1h-10\" class=\"s2\"/>"));
  EXPECT_THAT(svg, ::testing::HasSubstr("<path d=\"M4 4h1v1h-1\" class=\"s6\"/>"));
  EXPECT_THAT(svg, ::testing::Not(::testing::HasSubstr(">name")));
  EXPECT_THAT(svg, ::testing::HasSubstr("data-up-to=\"5 10 25 50 75 100\" "
                                        "data-names=\"[&quot;name&quot;,&quot;name&quot;,"));
}

}  // namespace
}  // namespace reel3d::report
