// SPDX-License-Identifier: Apache-2.0
#include "lib/report/draw/line_chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

namespace reel3d::report {
namespace {

// Returns the points of the first line, in units of the picture.
std::vector<Point> DrawnPoints(const std::string& svg) {
  std::smatch path;
  EXPECT_TRUE(std::regex_search(svg, path, std::regex("<path d=\"(M[^\"]*L[^\"]*)\"")));
  const std::string data = path[1];
  std::vector<Point> points;
  const std::regex pair("[ML]([-0-9.]+) ([-0-9.]+)");
  for (std::sregex_iterator match(data.begin(), data.end(), pair), end; match != end; ++match) {
    points.push_back({std::stod((*match)[1]), std::stod((*match)[2])});
  }
  return points;
}

TEST(LineChart, DrawsValuesWhereTheirTicksAre) {
  LineChart chart;
  chart.x_name = "epoch";
  chart.y_from_zero = true;
  chart.lines = {{"a", 0, false, {{0, 0}, {5, 2}, {10, 1}}}};
  const std::vector<Point> points = DrawnPoints(DrawLineChart(chart).content);
  ASSERT_EQ(points.size(), 3U);
  EXPECT_NEAR(points[1].x, (points[0].x + points[2].x) / 2, 0.1);
  EXPECT_NEAR(points[2].y, (points[0].y + points[1].y) / 2, 0.1);
  EXPECT_LT(points[1].y, points[0].y) << "larger values stand higher";
}

TEST(LineChart, DashesAndNamesLines) {
  LineChart chart;
  chart.lines = {{"a <b>", 0, false, {{0, 0}, {1, 1}}}, {"c", 1, true, {{0, 1}, {1, 2}}}};
  const std::string svg = DrawLineChart(chart).content;
  EXPECT_THAT(svg, ::testing::HasSubstr("class=\"c0 line\""));
  EXPECT_THAT(svg, ::testing::HasSubstr("class=\"c1 line dashed\""));
  EXPECT_THAT(svg, ::testing::HasSubstr("a &lt;b&gt;"));
  EXPECT_THAT(svg, ::testing::Not(::testing::HasSubstr("<b>")));
}

TEST(LineChart, DrawsTheDiagonalOnlyIfAsked) {
  LineChart chart;
  chart.x_scale = Scale::kPercent;
  chart.y_scale = Scale::kPercent;
  chart.lines = {{"a", 0, false, {{0.25, 0.5}, {0.75, 0.5}}}};
  EXPECT_THAT(DrawLineChart(chart).content, ::testing::Not(::testing::HasSubstr("axis dashed")));
  chart.has_diagonal = true;
  const std::string svg = DrawLineChart(chart).content;
  const std::regex diagonal(
      "<line x1=\"([-0-9.]+)\" y1=\"([-0-9.]+)\" x2=\"([-0-9.]+)\" y2=\"([-0-9.]+)\" "
      "class=\"axis dashed\"/>");
  std::smatch found;
  ASSERT_TRUE(std::regex_search(svg, found, diagonal));
  const std::vector<Point> points = DrawnPoints(svg);
  ASSERT_EQ(points.size(), 2U);
  // At a quarter and three quarters of the diagonal x is that of the two points.
  const double begin = std::stod(found[1]);
  const double width = std::stod(found[3]) - begin;
  EXPECT_NEAR(begin + 0.25 * width, points[0].x, 0.2);
  EXPECT_NEAR(begin + 0.75 * width, points[1].x, 0.2);
  EXPECT_NEAR((std::stod(found[2]) + std::stod(found[4])) / 2, points[0].y, 0.2);
}

TEST(LineChart, ThinsLongLinesButKeepsTheirPeak) {
  LineChart chart;
  chart.lines = {{"a", 0, false, {}}};
  for (int x = 0; x < 10000; ++x) {
    chart.lines[0].points.push_back({static_cast<double>(x), x == 4321 ? 100.0 : x % 7 * 0.1});
  }
  const std::vector<Point> points = DrawnPoints(DrawLineChart(chart).content);
  EXPECT_LE(points.size(), 400U);
  const auto peak = std::min_element(points.begin(), points.end(),
                                     [](const Point& a, const Point& b) { return a.y < b.y; });
  EXPECT_NEAR(peak->y, 10, 0.1) << "the top of the plot";
}

TEST(LineChart, ShowsValuesUnderTheMouseOfLongLinesToo) {
  LineChart chart;
  chart.lines = {{"a", 0, false, {}}};
  for (int x = 0; x < 1000; ++x) {
    chart.lines[0].points.push_back({static_cast<double>(x), x * 0.5});
  }
  const std::string svg = DrawLineChart(chart).content;
  const std::regex dot("class=\"c0 dot hit\"><title>");
  EXPECT_EQ(std::distance(std::sregex_iterator(svg.begin(), svg.end(), dot), {}), 80);
  EXPECT_THAT(svg, ::testing::HasSubstr("a: 499.5 at "));
}

TEST(LineChart, WithoutPointsIsEmpty) {
  LineChart chart;
  chart.lines = {{"a", 0, false, {}}};
  EXPECT_FALSE(HasPoints(chart));
  EXPECT_EQ(DrawLineChart(chart).content, "");
}

}  // namespace
}  // namespace reel3d::report
