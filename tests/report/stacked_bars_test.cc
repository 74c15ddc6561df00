// SPDX-License-Identifier: Apache-2.0
#include "lib/report/draw/stacked_bars.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <vector>

namespace reel3d::report {
namespace {

struct Box {
  double x, width;
};

// Returns the boxes of bars, without those of the legend, which have no title.
std::vector<Box> BoxesOf(const std::string& svg) {
  const std::regex box(
      "<rect x=\"([0-9.-]+)\" y=\"[0-9.]+\" width=\"([0-9.-]+)\" height=\"[0-9.]+\" "
      "class=\"[a-z0-9 ]+\"><title>");
  std::vector<Box> boxes;
  for (std::sregex_iterator found(svg.begin(), svg.end(), box), end; found != end; ++found) {
    boxes.push_back({std::stod((*found)[1]), std::stod((*found)[2])});
  }
  return boxes;
}

TEST(StackedBars, PutPartsBesideEachOtherOnOneScale) {
  const std::string svg =
      DrawStackedBars({"hours", {"kept", "<lost>"}, {{"first", {3, 1}}, {"second", {0, 2}}}})
          .content;
  const std::vector<Box> boxes = BoxesOf(svg);
  ASSERT_EQ(boxes.size(), 4U) << svg;
  EXPECT_NEAR(boxes[0].width, 3 * boxes[1].width, 0.3);
  EXPECT_NEAR(boxes[1].x, boxes[0].x + boxes[0].width, 0.2);
  EXPECT_NEAR(boxes[2].width, 0, 0.1);
  EXPECT_NEAR(boxes[3].x, boxes[0].x, 0.2) << "bars begin at the same place";
  EXPECT_NEAR(boxes[3].width, 2 * boxes[1].width, 0.3);
  EXPECT_THAT(svg, ::testing::HasSubstr("second: &lt;lost&gt; 2"));
  EXPECT_THAT(svg, ::testing::HasSubstr("hours"));
}

TEST(StackedBars, OfNothingAreEmpty) {
  const Drawing drawing = DrawStackedBars({"hours", {"kept"}, {{"only", {0}}}});
  for (const Box& box : BoxesOf(drawing.content)) {
    EXPECT_GE(box.width, 0);
  }
  EXPECT_GT(drawing.height, 0);
}

}  // namespace
}  // namespace reel3d::report
