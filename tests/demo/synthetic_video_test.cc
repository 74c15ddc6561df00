// SPDX-License-Identifier: Apache-2.0
#include "lib/demo/synthetic_video.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "lib/base/rng.h"

namespace reel3d {
namespace {

constexpr uint64_t kSeed = 7;
constexpr int kClasses = 8;

std::vector<std::vector<uint8_t>> Pixels(const SyntheticVideo& video) {
  std::vector<std::vector<uint8_t>> frames;
  for (const RgbImage& frame : video.frames) {
    frames.push_back(frame.pixels);
  }
  return frames;
}

uint64_t KeyOf(int class_index, int index) {
  return StableHash(SyntheticClasses()[class_index]) + static_cast<uint64_t>(index);
}

TEST(SyntheticVideoTest, SecondClassOfAPairIsTheFirstPlayedBackwards) {
  for (int class_index = 0; class_index < kClasses; ++class_index) {
    for (int index = 0; index < 3; ++index) {
      const auto video = DrawSyntheticVideo(class_index, kSeed, index);
      const auto forward = DrawForward(class_index / 2, kSeed, KeyOf(class_index, index));
      auto expected = Pixels(forward);
      ASSERT_GT(std::set(expected.begin(), expected.end()).size(), 5U) << "it moves";
      if (class_index % 2 == 1) {
        std::reverse(expected.begin(), expected.end());
      }
      EXPECT_EQ(Pixels(video), expected) << class_index << " " << index;
      EXPECT_EQ(video.fps, forward.fps);
    }
  }
}

TEST(SyntheticVideoTest, VariesWithinItsBounds) {
  std::set<std::pair<int, int>> sizes;
  std::set<int> rates;
  int num_short = 0;
  constexpr int kCount = 60;
  for (int index = 0; index < kCount; ++index) {
    const auto video = DrawSyntheticVideo(index % kClasses, kSeed, index);
    const RgbImage& first = video.frames.front();
    EXPECT_GE(video.frames.size(), 10U);
    EXPECT_LE(video.frames.size(), 60U);
    EXPECT_EQ(first.width % 2 + first.height % 2, 0);
    EXPECT_GE(std::min(first.width, first.height), 96);
    EXPECT_LE(std::max(first.width, first.height), 240);
    EXPECT_GE(video.fps, 12);
    EXPECT_LE(video.fps, 30);
    sizes.emplace(first.width, first.height);
    rates.insert(video.fps);
    num_short += video.frames.size() < 16 ? 1 : 0;
  }
  EXPECT_GT(sizes.size(), 5U);
  EXPECT_GT(rates.size(), 3U);
  EXPECT_GT(num_short, 2);
  EXPECT_LT(num_short, kCount / 2);
}

// Returns the sum of differences between two frames in the central square, and outside of it.
std::pair<int64_t, int64_t> Change(const RgbImage& a, const RgbImage& b) {
  const int side = std::min(a.width, a.height);
  const int left = (a.width - side) / 2;
  const int top = (a.height - side) / 2;
  std::pair<int64_t, int64_t> change{0, 0};
  for (int y = 0; y < a.height; ++y) {
    for (int x = 0; x < a.width; ++x) {
      const bool inside = x >= left && x < left + side && y >= top && y < top + side;
      for (int channel = 0; channel < 3; ++channel) {
        (inside ? change.first : change.second) +=
            std::abs(a.at(x, y)[channel] - b.at(x, y)[channel]);
      }
    }
  }
  return change;
}

TEST(SyntheticVideoTest, TheActionIsInTheCentralSquareOfAnySixteenFrames) {
  for (int class_index = 0; class_index < kClasses; ++class_index) {
    for (int index = 0; index < 10; ++index) {
      const auto video = DrawSyntheticVideo(class_index, kSeed, index);
      std::vector<int64_t> inside;
      for (size_t i = 1; i < video.frames.size(); ++i) {
        const auto change = Change(video.frames[i - 1], video.frames[i]);
        EXPECT_EQ(change.second, 0) << class_index << " " << index << " " << i;
        inside.push_back(change.first);
      }
      for (size_t begin = 0; begin + 15 <= inside.size(); ++begin) {
        const auto moving = std::count_if(inside.begin() + begin, inside.begin() + begin + 15,
                                          [](int64_t sum) { return sum > 0; });
        EXPECT_GE(moving, 7) << class_index << " " << index << " " << begin;
      }
    }
  }
}

bool IsIn(const std::vector<ShapeBox>& boxes, int x, int y) {
  constexpr float kEdge = 1;  // the pixel at the outline is drawn in part
  const auto column = static_cast<float>(x), row = static_cast<float>(y);
  return std::any_of(boxes.begin(), boxes.end(), [&](const ShapeBox& box) {
    return column >= box.left - kEdge && column <= box.right + kEdge && row >= box.top - kEdge &&
           row <= box.bottom + kEdge;
  });
}

// Pixels change only inside the boxes of the shapes, and the boxes are not much larger than that.
TEST(SyntheticVideoTest, BoxesHoldWhatMoves) {
  for (int class_index = 0; class_index < kClasses; ++class_index) {
    for (int index = 0; index < 5; ++index) {
      const auto video = DrawSyntheticVideo(class_index, kSeed, index);
      ASSERT_EQ(video.boxes.size(), video.frames.size());
      int64_t num_changed = 0, num_inside = 0;
      for (size_t frame = 1; frame < video.frames.size(); ++frame) {
        const RgbImage& before = video.frames[frame - 1];
        const RgbImage& now = video.frames[frame];
        for (int y = 0; y < now.height; ++y) {
          for (int x = 0; x < now.width; ++x) {
            const bool is_inside =
                IsIn(video.boxes[frame - 1], x, y) || IsIn(video.boxes[frame], x, y);
            const bool changed = !std::equal(now.at(x, y), now.at(x, y) + 3, before.at(x, y));
            ASSERT_TRUE(is_inside || !changed) << class_index << " " << index << " " << frame;
            num_changed += changed ? 1 : 0;
            num_inside += is_inside ? 1 : 0;
          }
        }
      }
      EXPECT_GT(8 * num_changed, num_inside) << class_index << " " << index;
    }
  }
}

// Two videos of a pair must not share a scene, or a network could recognise a validation video by
// its background. No scene may occur twice in a class.
TEST(SyntheticVideoTest, NoTwoVideosShareAScene) {
  std::set<std::vector<uint8_t>> corners;
  int count = 0;
  for (int class_index = 0; class_index < kClasses; ++class_index) {
    for (int index = 0; index < 12; ++index) {
      const RgbImage frame = DrawSyntheticVideo(class_index, kSeed, index).frames.front();
      corners.emplace(frame.pixels.begin(), frame.pixels.begin() + size_t{8} * frame.width * 3);
      ++count;
    }
  }
  EXPECT_EQ(corners.size(), static_cast<size_t>(count));
  EXPECT_NE(Pixels(DrawSyntheticVideo(0, 1, 0)), Pixels(DrawSyntheticVideo(0, 2, 0)));
  EXPECT_EQ(Pixels(DrawSyntheticVideo(0, 1, 0)), Pixels(DrawSyntheticVideo(0, 1, 0)));
}

// The sprite's place is the mean row of the pixels that differ from the still background, which is
// the median over time.
TEST(SyntheticVideoTest, RisingRisesAndFallingFalls) {
  for (const int class_index : {0, 1}) {
    int up = 0;
    int down = 0;
    for (int index = 0; index < 8; ++index) {
      const auto video = DrawSyntheticVideo(class_index, kSeed, index);
      double last = -1;
      for (size_t i = 1; i < video.frames.size(); ++i) {
        double sum = 0;
        double weight = 0;
        const RgbImage& a = video.frames[i - 1];
        const RgbImage& b = video.frames[i];
        for (int y = 0; y < a.height; ++y) {
          for (int x = 0; x < a.width; ++x) {
            const double change = std::abs(a.at(x, y)[1] - b.at(x, y)[1]);
            sum += change * y;
            weight += change;
          }
        }
        const double row = weight > 0 ? sum / weight : -1;
        if (row >= 0 && last >= 0) {
          (row < last ? up : down) += 1;
        }
        last = row;
      }
    }
    EXPECT_GT(class_index == 0 ? up : down, 3 * (class_index == 0 ? down : up));
  }
}

TEST(SyntheticVideoTest, ConvertsToLimitedRange) {
  RgbImage image(2, 2);
  for (int i = 0; i < 4; ++i) {
    image.pixels[3 * i] = 200;
    image.pixels[3 * i + 1] = 60;
    image.pixels[3 * i + 2] = 30;
  }
  // ITU-R BT.601 gives (100.5, 94.1, 191.6).
  EXPECT_EQ(ToYuv420(image), (std::vector<uint8_t>{101, 101, 101, 101, 94, 192}));
}

}  // namespace
}  // namespace reel3d
