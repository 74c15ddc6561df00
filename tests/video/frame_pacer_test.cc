// SPDX-License-Identifier: Apache-2.0
#include "lib/video/frame_pacer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/rng.h"

namespace reel3d {
namespace {

using testing::ElementsAre;

// Returns the frame that is shown at each step of the even rate.
std::vector<int> Shown(const std::vector<double>& times_s, const FrameRate& rate,
                       double source_step_s) {
  FramePacer pacer(rate, source_step_s);
  std::vector<int> shown;
  for (size_t i = 0; i < times_s.size(); ++i) {
    shown.insert(shown.end(), pacer.NumBefore(times_s[i]), static_cast<int>(i) - 1);
  }
  shown.insert(shown.end(), pacer.NumLast(), static_cast<int>(times_s.size()) - 1);
  return shown;
}

std::vector<double> EvenTimes(int count, double step_s) {
  std::vector<double> times_s;
  for (int i = 0; i < count; ++i) {
    times_s.push_back(i * step_s);
  }
  return times_s;
}

TEST(FramePacerTest, TheSameRateIsTheSameFramesWhateverTheRounding) {
  Rng rng(1);
  for (const FrameRate& rate : {FrameRate{25, 1}, FrameRate{30000, 1001}, FrameRate{60, 1}}) {
    const double step_s = 1 / rate.PerSecond();
    std::vector<double> times_s;
    std::vector<int> all;
    for (int i = 0; i < 2000; ++i) {
      // Times are rounded to milliseconds, as in Matroska, and have a jitter of a third of a frame.
      const double jitter_s = (rng.Uniform() - 0.5) * step_s / 3;
      times_s.push_back(7 + std::round((i * step_s + jitter_s) * 1000) / 1000);
      all.push_back(i);
    }
    times_s[0] = 7;
    EXPECT_EQ(Shown(times_s, rate, step_s), all);
  }
}

TEST(FramePacerTest, FasterRepeatsAndSlowerLeavesOut) {
  EXPECT_THAT(Shown(EvenTimes(3, 0.04), {50, 1}, 0.04), ElementsAre(0, 0, 1, 1, 2, 2));
  EXPECT_THAT(Shown(EvenTimes(12, 1. / 60), {15, 1}, 1. / 60), ElementsAre(0, 4, 8));
  const std::vector<int> film = Shown(EvenTimes(24, 1. / 24), {30, 1}, 1. / 24);
  EXPECT_EQ(film.size(), 30U);  // one second stays one second
  EXPECT_EQ(film.back(), 23);
  EXPECT_THAT(Shown({3}, {25, 1}, 0.04), ElementsAre(0));
  EXPECT_THAT(Shown({3}, {1, 100}, 0.04), ElementsAre(0));  // still one frame
}

// Checks the definition: each step shows the frame whose time is nearest.
TEST(FramePacerTest, VaryingTimesShowTheNearestFrame) {
  Rng rng(2);
  for (int round = 0; round < 50; ++round) {
    std::vector<double> times_s = {0};
    while (times_s.size() < 200) {
      times_s.push_back(times_s.back() + 0.2 * rng.Uniform());
    }
    const FrameRate rate{static_cast<int>(5 + rng.Below(60)), 1};
    const std::vector<int> shown = Shown(times_s, rate, 0.1);
    for (size_t k = 0; k < shown.size(); ++k) {
      const double at_s = static_cast<double>(k) / rate.num;
      const auto distance = [&](int frame) { return std::abs(times_s[frame] - at_s); };
      for (const int other : {shown[k] - 1, shown[k] + 1}) {
        if (other >= 0 && other < static_cast<int>(times_s.size())) {
          ASSERT_LE(distance(shown[k]), distance(other) + 1e-6) << "step " << k;
        }
      }
    }
  }
}

TEST(FramePacerTest, FaultsOfTheClockCostNoFramesAndAskForNone) {
  // Faults: an MPEG clock wraps, a file is appended to another, the clock jumps, frames are out of
  // order.
  EXPECT_THAT(Shown({95443.60, 95443.64, 0, 0.04}, {25, 1}, 0.04), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(Shown({0.88, 0.92, 0, 0.04}, {25, 1}, 0.04), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(Shown({0, 0.04, 4000, 4000.04}, {25, 1}, 0.04), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(Shown({0, 0.08, 0.04, 0.12}, {25, 1}, 0.04).size(), 4U);
  EXPECT_THAT(Shown({0, 1e300, -1e300, std::nan("")}, {25, 1}, 0.04), ElementsAre(0, 1, 2, 3));
  // A file with a wrong rate must not lead to many repeated frames.
  EXPECT_LE(Shown({0, 11, 22, 33}, {25, 1}, 30000).size(), 4 * 250U);
  std::vector<double> slow = EvenTimes(1000, 9.9);
  EXPECT_THROW(Shown(slow, {25, 1}, 9.9), Error);
  slow.resize(60);  // ten minutes of slow frames are no attack
  EXPECT_EQ(Shown(slow, {25, 1}, 9.9).size(), 14850U);
  // A picture that is shown for 9 s is repeated.
  EXPECT_EQ(Shown({0, 9}, {10, 1}, 0.1).size(), 91U);
}

TEST(FrameRateTest, ReadsWholeDecimalAndFraction) {
  struct Case {
    const char* text;
    int num, den;
  };
  for (const Case& it :
       {Case{"25", 25, 1}, Case{"29.97", 2997, 100}, Case{"30000/1001", 30000, 1001},
        Case{"12.5", 25, 2}, Case{"0.01", 1, 100}, Case{"23.976", 2997, 125}}) {
    const FrameRate rate = ParseFrameRate(it.text);
    EXPECT_EQ(rate.num, it.num) << it.text;
    EXPECT_EQ(rate.den, it.den) << it.text;
  }
  for (const char* text : {"", "0", "-5", "25fps", "1/0", "0/1", "1e3", "501", "0.0099", "1/1000",
                           "nan", "inf", " 25", "25/", "/25", "99999999999", "1/2/3", "0x10"}) {
    EXPECT_EQ(ParseFrameRate(text).num, 0) << text;
  }
}

}  // namespace
}  // namespace reel3d
