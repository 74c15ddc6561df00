// SPDX-License-Identifier: Apache-2.0
#include "lib/report/draw/figure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reel3d::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// rsvg-convert 2.54 draws what is coloured by a variable in black.
TEST(Figure, APictureInAFileNamesItsColors) {
  Figure figure;
  figure.title = "a < b";
  figure.drawing = {100, "<path class=\"c0 line\" d=\"M0 0L9 9\"/>"};
  const std::string file = FigureFile(figure);
  EXPECT_THAT(file, HasSubstr("<title>a &lt; b</title>"));
  EXPECT_THAT(file, HasSubstr("svg .c0{stroke:#0072b2}"));
  EXPECT_THAT(file, HasSubstr("svg text{fill:#1b1f24;"));
  EXPECT_THAT(file, Not(HasSubstr("var(")));
}

}  // namespace
}  // namespace reel3d::report
