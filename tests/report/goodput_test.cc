// The section about where the time of a training went.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/report/sections/sections.h"
#include "tests/report/page_tables.h"

namespace reel3d::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// A run with `count` starts of ten steps, each of which lasts for 100 seconds.
RunRecord RunWith(int count) {
  std::vector<StartRecord> starts;
  for (int i = 0; i < count; ++i) {
    StartRecord start;
    start.job = std::to_string(7000 + i);
    start.began_s = 1000 + 100 * i;
    start.at_s = start.began_s + 100;
    start.end = kEndStopped;
    start.first_step = 10 * i;
    start.step = start.first_step + 10;
    start.seconds = {25, 75, 0, 0, 0, 0};
    starts.push_back(start);
  }
  RunRecord run;
  run.name = "mine";
  run.goodput = AddUp(starts, std::nullopt);
  return run;
}

TEST(GoodputSection, HasABarAndARowForEachStart) {
  const Content content = MakeGoodput({RunWith(2)});
  EXPECT_THAT(test::WithSpaces(content.html()),
              HasSubstr("75 % of 3 min 20 s computed steps that count; "
                        "starting 25 %"));
  ASSERT_EQ(content.figures().size(), 1U);
  EXPECT_THAT(content.figures()[0].drawing.content, HasSubstr("2: job 7001: steps that count 75"));
  ASSERT_EQ(content.figures()[0].table.rows.size(), 2U);
  EXPECT_THAT(content.html(), Not(HasSubstr("newest")));
}

TEST(GoodputSection, OfManyStartsShowsTheNewest) {
  const Content content = MakeGoodput({RunWith(1000)});
  ASSERT_EQ(content.figures().size(), 1U);
  const Figure& figure = content.figures()[0];
  EXPECT_EQ(figure.note, "The newest 30 of 1000 starts.");
  EXPECT_EQ(figure.table.rows.size(), 200U);
  EXPECT_THAT(figure.table.title, HasSubstr("the newest 200 of 1000"));
  EXPECT_THAT(content.html(), HasSubstr("1000: job 7999"));
  EXPECT_THAT(content.html(), Not(HasSubstr("800: job 7799")));
}

TEST(GoodputSection, OfARunWithoutStartsIsEmpty) {
  EXPECT_TRUE(MakeGoodput({RunRecord()}).empty());
}

}  // namespace
}  // namespace reel3d::report
