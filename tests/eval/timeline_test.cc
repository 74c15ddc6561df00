// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace reel3d {

bool operator==(const Segment& a, const Segment& b) {
  return a.begin_s == b.begin_s && a.end_s == b.end_s && a.class_index == b.class_index &&
         a.num_windows == b.num_windows && a.mean_probability == b.mean_probability &&
         a.highest_probability == b.highest_probability;
}

std::ostream& operator<<(std::ostream& out, const Segment& segment) {
  return out << segment.begin_s << " - " << segment.end_s << " class " << segment.class_index
             << ", " << segment.num_windows << " windows, mean " << segment.mean_probability
             << ", highest " << segment.highest_probability;
}

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Makes windows of 2 s that begin `step_s` after each other. A letter is the class of a sure window
// (0.75), a dot an unsure one (0.25) of class a.
std::vector<WindowAnswer> Windows(const std::string& classes, double step_s = 2) {
  std::vector<WindowAnswer> windows;
  for (size_t place = 0; place < classes.size(); ++place) {
    const double begin_s = step_s * static_cast<double>(place);
    const bool is_sure = classes[place] != '.';
    windows.push_back(
        {begin_s, begin_s + 2, is_sure ? classes[place] - 'a' : 0, is_sure ? 0.75 : 0.25});
  }
  return windows;
}

Segment Of(double begin_s, double end_s, int class_index, int64_t num_windows) {
  return {begin_s, end_s, class_index, num_windows, 0.75, 0.75};
}

TEST(MergeWindows, NeighboursOfOneClassAreOneSegment) {
  EXPECT_THAT(MergeWindows(Windows("aabaa"), {}),
              ElementsAre(Of(0, 4, 0, 2), Of(4, 6, 1, 1), Of(6, 10, 0, 2)));
  EXPECT_THAT(MergeWindows(Windows("ccc"), {}), ElementsAre(Of(0, 6, 2, 3)));
}

TEST(MergeWindows, OneWindowOrNone) {
  EXPECT_THAT(MergeWindows({}, {}), IsEmpty());
  EXPECT_THAT(MergeWindows(Windows("b"), {}), ElementsAre(Of(0, 2, 1, 1)));
  EXPECT_THAT(MergeWindows(Windows("."), {}), IsEmpty());
}

TEST(MergeWindows, AWindowAtTheThresholdIsSure) {
  const std::vector<WindowAnswer> windows = {{0, 1, 0, 0.5}, {1, 2, 0, 0.4999}};
  EXPECT_THAT(MergeWindows(windows, {0.5, 0}), ElementsAre(Segment{0, 1, 0, 1, 0.5, 0.5}));
  EXPECT_EQ(MergeWindows(windows, {0, 0}).at(0).num_windows, 2);
  EXPECT_THAT(MergeWindows(windows, {0.75, 0}), IsEmpty());
}

TEST(MergeWindows, UnsurePartsUpToTheGapAreBridged) {
  const std::vector<WindowAnswer> windows = Windows("..a..a.b.");
  EXPECT_THAT(MergeWindows(windows, {0.5, 3.9}),
              ElementsAre(Of(4, 6, 0, 1), Of(10, 12, 0, 1), Of(14, 16, 1, 1)));
  EXPECT_THAT(MergeWindows(windows, {0.5, 4}), ElementsAre(Of(4, 12, 0, 2), Of(14, 16, 1, 1)));
}

TEST(MergeWindows, AnotherClassEndsASegmentWhateverTheGap) {
  EXPECT_THAT(MergeWindows(Windows("a.b.a"), {0.5, 1000}),
              ElementsAre(Of(0, 2, 0, 1), Of(4, 6, 1, 1), Of(8, 10, 0, 1)));
}

// With --window-stride above the clip's length, no window shows some of the frames.
TEST(MergeWindows, FramesThatNoWindowShowsDoNotEndASegment) {
  EXPECT_THAT(MergeWindows(Windows("aab", 10), {}), ElementsAre(Of(0, 12, 0, 2), Of(20, 22, 1, 1)));
  EXPECT_THAT(MergeWindows(Windows("a.a", 10), {}), ElementsAre(Of(0, 2, 0, 1), Of(20, 22, 0, 1)));
}

// A segment of one window stays where windows overlap, and no part is in two segments.
TEST(MergeWindows, OverlappingSegmentsMeetInTheMiddle) {
  EXPECT_THAT(MergeWindows(Windows("aabcc", 0.5), {}),
              ElementsAre(Of(0, 1.75, 0, 2), Of(1.75, 2.25, 1, 1), Of(2.25, 4, 2, 2)));
  EXPECT_THAT(MergeWindows(Windows("a.a", 1), {}), ElementsAre(Of(0, 4, 0, 2)));
  EXPECT_THAT(MergeWindows(Windows("a.b", 1.5), {}), ElementsAre(Of(0, 2, 0, 1), Of(3, 5, 1, 1)));
}

TEST(MergeWindows, ProbabilitiesAreThoseOfTheSureWindows) {
  const std::vector<WindowAnswer> windows = {
      {0, 1, 3, 0.5}, {1, 2, 3, 0.25}, {2, 3, 3, 1}, {3, 4, 3, 0.75}};
  EXPECT_THAT(MergeWindows(windows, {0.5, 1}), ElementsAre(Segment{0, 4, 3, 3, 0.75, 1}));
}

}  // namespace
}  // namespace reel3d
