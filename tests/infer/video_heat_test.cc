// Heat of a video is the mean of the maps of its windows, frame by frame.
// SPDX-License-Identifier: Apache-2.0
#include "lib/infer/video_heat.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "lib/base/error.h"

namespace reel3d {
namespace {

at::Tensor Map(std::vector<float> values, int64_t frames) {
  return at::tensor(values, at::kFloat).view({frames, 1, -1}).contiguous();
}

std::vector<float> At(const at::Tensor& heat, int frame) {
  const at::Tensor row = heat[frame].flatten().contiguous();
  return {row.const_data_ptr<float>(), row.const_data_ptr<float>() + row.numel()};
}

using Values = std::vector<float>;

constexpr int64_t kMuch = 1 << 20;  // bytes

TEST(VideoHeat, AveragesWindowsThatOverlap) {
  VideoHeat video(7, 1, kMuch);
  video.Add({{0, 1, 2, 3}, 4}, Map({8, 4}, 1));
  video.Add({{2, 3, 4, 5}, 4}, Map({2, -6}, 1));
  const at::Tensor heat = video.TakeHeat();
  ASSERT_EQ(heat.sizes().vec(), (std::vector<int64_t>{7, 1, 2}));
  EXPECT_EQ(At(heat, 0), (Values{1, 0.5}));
  EXPECT_EQ(At(heat, 1), (Values{1, 0.5}));
  EXPECT_EQ(At(heat, 2), (Values{5.0F / 8, 0}));  // the second value is (4 - 6) / 2
  EXPECT_EQ(At(heat, 3), (Values{5.0F / 8, 0}));
  EXPECT_EQ(At(heat, 5), (Values{0.25, 0}));
  EXPECT_EQ(At(heat, 6), (Values{0, 0}));  // no window shows it
  EXPECT_EQ(VideoHeat::OverTime(heat), (Values{1, 1, 5.0F / 12, 5.0F / 12, 1.0F / 6, 1.0F / 6, 0}));
}

TEST(VideoHeat, EnlargesMapsInTime) {
  VideoHeat video(4, 1, kMuch);
  video.Add({{0, 1, 2, 3}, 4}, Map({0, 4}, 2));
  const at::Tensor heat = video.TakeHeat();
  EXPECT_EQ(VideoHeat::OverTime(heat), (Values{0, 0.25, 0.75, 1}));
}

TEST(VideoHeat, CountsRepeatedFramesOnce) {
  VideoHeat video(2, 1, kMuch);
  video.Add({{0, 1, 0, 1}, 2}, Map({1, 2, 3, 4}, 4));
  EXPECT_EQ(VideoHeat::OverTime(video.TakeHeat()), (Values{0.5, 1}));
}

TEST(VideoHeat, FillsTheFramesBetweenThoseOfAWindow) {
  VideoHeat video(5, 2, kMuch);
  video.Add({{0, 2, 4, 0}, 3}, Map({1, 2, 4, 4}, 4));
  EXPECT_EQ(VideoHeat::OverTime(video.TakeHeat()), (Values{0.25, 0.25, 0.5, 0.5, 1}));
}

TEST(VideoHeat, IsZeroWhereNothingSpeaksForTheClass) {
  VideoHeat video(2, 1, kMuch);
  video.Add({{0, 1}, 2}, Map({-1, -2}, 1));
  const at::Tensor heat = video.TakeHeat();
  EXPECT_EQ(heat.abs().max().item<float>(), 0);
  EXPECT_EQ(VideoHeat::OverTime(heat), (Values{0, 0}));
}

// A map may overflow although the logits are finite.
TEST(VideoHeat, IsRefusedIfItIsNotFinite) {
  for (const float bad : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
    VideoHeat video(2, 1, kMuch);
    video.Add({{0, 1}, 2}, Map({1, bad}, 1));
    EXPECT_THROW(video.TakeHeat(), Error);
  }
}

TEST(VideoHeat, IsRefusedIfItWouldTakeTooMuchMemory) {
  VideoHeat fits(1000, 1, 8000);
  fits.Add({{0, 1}, 2}, Map({1, 2}, 1));
  VideoHeat too_large(1000, 1, 7999);
  EXPECT_THROW(too_large.Add({{0, 1}, 2}, Map({1, 2}, 1)), Error);
}

}  // namespace
}  // namespace reel3d
