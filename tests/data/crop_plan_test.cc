// SPDX-License-Identifier: Apache-2.0
#include "lib/data/crop_plan.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <tuple>

#include "lib/base/error.h"

namespace reel3d {
namespace {

using Box = std::tuple<int, int, int, int>;  // x, y, width, height
Box RegionOf(const CropPlan& plan) { return {plan.x, plan.y, plan.width, plan.height}; }

std::map<Box, int> RegionCounts(const CropOptions& options, FrameSize frame, int draws) {
  std::map<Box, int> counts;
  Rng rng(11);
  for (int i = 0; i < draws; ++i) {
    const CropPlan plan = DrawCrop(options, frame, rng);
    EXPECT_EQ(plan.frame, frame);
    EXPECT_EQ(plan.size, options.size);
    ++counts[RegionOf(plan)];
  }
  return counts;
}

CropOptions OneScale(double scale, CropRounding rounding) {
  CropOptions options;
  options.scales = {scale};
  options.rounding = rounding;
  return options;
}

TEST(CropPlanTest, CornerCropDrawsAll25EquallyOften) {
  for (const auto& [frame, sides] :
       {std::pair<FrameSize, std::vector<int>>{{427, 240}, {240, 201, 169, 142, 120}},
        {{640, 360}, {360, 302, 254, 214, 180}},
        {{202, 360}, {202, 169, 142, 120, 101}}}) {
    CropOptions options;
    options.rounding = CropRounding::kRound2020;
    constexpr int kDraws = 50000;
    const std::map<Box, int> counts = RegionCounts(options, frame, kDraws);
    const int right = frame.width;
    const int bottom = frame.height;
    double chi_square = 0;
    std::map<Box, int> expected;  // how many of the 25 crops are this box
    for (const int side : sides) {
      const int middle_x = static_cast<int>(std::nearbyint((right - side) / 2.0));
      const int middle_y = static_cast<int>(std::nearbyint((bottom - side) / 2.0));
      for (const auto& [x, y] : {std::pair<int, int>{middle_x, middle_y},
                                 {0, 0},
                                 {right - side, 0},
                                 {0, bottom - side},
                                 {right - side, bottom - side}}) {
        ++expected[{x, y, side, side}];
      }
    }
    EXPECT_EQ(counts.size(), expected.size());
    for (const auto& [box, multiplicity] : expected) {
      ASSERT_EQ(counts.count(box), 1U);
      const double mean = kDraws * multiplicity / 25.0;
      chi_square += (counts.at(box) - mean) * (counts.at(box) - mean) / mean;
    }
    EXPECT_LT(chi_square, 52);  // 51.2 is the 0.1 % point for 24 degrees of freedom
  }
}

// The 5 positions of squares with the same side, in order of x, then y.
struct PositionCase {
  FrameSize frame;
  double scale;
  CropRounding rounding;
  std::vector<Box> regions;
};

TEST(CropPlanTest, PositionsAndRoundingOfTheCentre) {
  const PositionCase cases[] = {
      {{320, 240},
       0.5,
       CropRounding::kHalves2018,
       {{0, 0, 120, 120},
        {0, 120, 120, 120},
        {100, 60, 120, 120},
        {200, 0, 120, 120},
        {200, 120, 120, 120}}},
      // Side 201: the 2018 box is 200 wide and starts at 160 - 100.
      {{320, 240},
       0.8408964152537145,
       CropRounding::kHalves2018,
       {{0, 0, 201, 201},
        {0, 39, 201, 201},
        {60, 20, 200, 200},
        {119, 0, 201, 201},
        {119, 39, 201, 201}}},
      // Halves are rounded to the even number: 59.5 to 60, 19.5 to 20.
      {{320, 240},
       0.8408964152537145,
       CropRounding::kRound2020,
       {{0, 0, 201, 201},
        {0, 39, 201, 201},
        {60, 20, 201, 201},
        {119, 0, 201, 201},
        {119, 39, 201, 201}}},
      // 58.5 is rounded to 58.
      {{318, 240},
       0.8408964152537145,
       CropRounding::kRound2020,
       {{0, 0, 201, 201},
        {0, 39, 201, 201},
        {58, 20, 201, 201},
        {117, 0, 201, 201},
        {117, 39, 201, 201}}},
      // The frame's width is odd: its middle is taken as 160, half a pixel too far left.
      {{321, 241},
       0.5,
       CropRounding::kHalves2018,
       {{0, 0, 120, 120},
        {0, 121, 120, 120},
        {100, 60, 120, 120},
        {201, 0, 120, 120},
        {201, 121, 120, 120}}},
  };
  for (const PositionCase& item : cases) {
    std::vector<Box> regions;
    for (const auto& [box, count] :
         RegionCounts(OneScale(item.scale, item.rounding), item.frame, 1000)) {
      regions.push_back(box);
    }
    EXPECT_EQ(regions, item.regions) << item.frame.width << " " << NameOf(item.rounding);
  }
}

TEST(CropPlanTest, TrainingKeepsAllOfTheResizedRegion) {
  Rng rng(5);
  for (const TrainCrop crop : {TrainCrop::kCorner, TrainCrop::kRandom}) {
    CropOptions options;
    options.crop = crop;
    options.size = 80;
    const CropPlan plan = DrawCrop(options, {320, 240}, rng);
    EXPECT_EQ(plan.resized_width, 80);
    EXPECT_EQ(plan.resized_height, 80);
    EXPECT_EQ(plan.window_x, 0);
    EXPECT_EQ(plan.window_y, 0);
  }
}

TEST(CropPlanTest, FlipsAsOftenAsAsked) {
  for (const double probability : {0.0, 0.25, 0.5, 1.0}) {
    for (const TrainCrop crop : {TrainCrop::kCorner, TrainCrop::kRandom, TrainCrop::kCenter}) {
      CropOptions options;
      options.crop = crop;
      options.flip_probability = probability;
      Rng rng(9);
      int flips = 0;
      for (int i = 0; i < 4000; ++i) {
        flips += DrawCrop(options, {320, 240}, rng).flip ? 1 : 0;
      }
      EXPECT_NEAR(flips, 4000 * probability, probability * (1 - probability) * 600) << NameOf(crop);
    }
  }
}

TEST(CropPlanTest, RandomCropStaysInBoundsAndFillsThem) {
  CropOptions options;
  options.crop = TrainCrop::kRandom;
  Rng rng(2);
  const FrameSize frame = {320, 240};
  constexpr int kDraws = 20000;
  double mean_log_aspect = 0, mean_area = 0;
  double least_area = 1, most_area = 0, least_aspect = 9, most_aspect = 0;
  for (int i = 0; i < kDraws; ++i) {
    const CropPlan plan = DrawCrop(options, frame, rng);
    ASSERT_GE(plan.x, 0);
    ASSERT_GE(plan.y, 0);
    ASSERT_LE(plan.x + plan.width, frame.width);
    ASSERT_LE(plan.y + plan.height, frame.height);
    const double area = plan.width * plan.height / (320.0 * 240.0);
    const double aspect = static_cast<double>(plan.width) / plan.height;
    mean_log_aspect += std::log(aspect) / kDraws;
    mean_area += area / kDraws;
    least_area = std::min(least_area, area);
    most_area = std::max(most_area, area);
    least_aspect = std::min(least_aspect, aspect);
    most_aspect = std::max(most_aspect, aspect);
  }
  EXPECT_NEAR(least_area, 0.25, 0.005);
  EXPECT_GT(most_area, 0.95);
  EXPECT_NEAR(least_aspect, 0.75, 0.01);
  EXPECT_NEAR(most_aspect, 4 / 3.0, 0.02);
  // The expected values are means of 60,000 draws of torchvision 0.26's
  // RandomResizedCrop.get_params. They are not 0 and 0.625, because high crops of large area do not
  // fit into a wide frame.
  EXPECT_NEAR(mean_log_aspect, 0.0404, 0.005);
  EXPECT_NEAR(mean_area, 0.5228, 0.006);
}

TEST(CropPlanTest, RandomCropFallsBackToTheLargestOfAllowedShape) {
  CropOptions options;
  options.crop = TrainCrop::kRandom;
  options.min_area = 1.0;  // only the complete frame has this area, and its shape is not allowed
  Rng rng(3);
  EXPECT_EQ(RegionOf(DrawCrop(options, {400, 100}, rng)), (Box{133, 0, 133, 100}));
  EXPECT_EQ(RegionOf(DrawCrop(options, {100, 401}, rng)), (Box{0, 134, 100, 133}));
}

TEST(CropPlanTest, CentreCropOfTheResizedFrame) {
  struct Case {
    FrameSize frame;
    int size, resized_width, resized_height, window_x, window_y;
  };
  for (const Case& item :
       {Case{{640, 360}, 112, 199, 112, 44, 0},  // 43.5 is rounded to 44
        Case{{480, 360}, 112, 149, 112, 18, 0},  // 149.3 is cut to 149, 18.5 rounded to 18
        Case{{202, 360}, 112, 112, 199, 0, 44}, Case{{64, 48}, 112, 149, 112, 18, 0},
        Case{{112, 112}, 112, 112, 112, 0, 0}, Case{{256, 144}, 80, 142, 80, 31, 0}}) {
    const CropPlan plan = CenterCrop(item.frame, item.size);
    EXPECT_EQ(RegionOf(plan), (Box{0, 0, item.frame.width, item.frame.height}));
    EXPECT_EQ(plan.resized_width, item.resized_width);
    EXPECT_EQ(plan.resized_height, item.resized_height);
    EXPECT_EQ(plan.window_x, item.window_x);
    EXPECT_EQ(plan.window_y, item.window_y);
    EXPECT_FALSE(plan.flip);
  }
}

using Corner = std::tuple<int, int, bool>;  // window_x, window_y, flip

std::vector<Corner> CornersOf(const std::vector<CropPlan>& crops) {
  std::vector<Corner> corners;
  for (const CropPlan& crop : crops) {
    corners.emplace_back(crop.window_x, crop.window_y, crop.flip);
  }
  return corners;
}

// All numbers are computed by hand from docs/reference/clips.md.
TEST(CropPlanTest, ScoringCropsOfTheResizedFrame) {
  struct Case {
    FrameSize frame;
    CropChoice choice;
    int resized_width, resized_height;
    std::vector<Corner> corners;
  };
  const std::vector<Corner> ten = {
      {58, 8, false}, {0, 0, false}, {115, 0, false}, {0, 16, false}, {115, 16, false},
      {58, 8, true},  {0, 0, true},  {115, 0, true},  {0, 16, true},  {115, 16, true}};
  for (const Case& item : {Case{{640, 360}, {ScoringCrop::kCenter, 0}, 199, 112, {{44, 0, false}}},
                           Case{{640, 360},
                                {ScoringCrop::kThree, 0},
                                199,
                                112,
                                {{44, 0, false}, {0, 0, false}, {87, 0, false}}},
                           Case{{202, 360},
                                {ScoringCrop::kThree, 0},
                                112,
                                199,
                                {{0, 44, false}, {0, 0, false}, {0, 87, false}}},
                           Case{{640, 360},
                                {ScoringCrop::kThree, 128},
                                227,
                                128,
                                {{58, 8, false}, {0, 8, false}, {115, 8, false}}},
                           Case{{112, 112},
                                {ScoringCrop::kThree, 0},
                                112,
                                112,
                                {{0, 0, false}, {0, 0, false}, {0, 0, false}}},
                           Case{{640, 360}, {ScoringCrop::kTen, 0}, 227, 128, ten},
                           Case{{1280, 720}, {ScoringCrop::kTen, 128}, 227, 128, ten}}) {
    const std::vector<CropPlan> crops = ScoringCrops(item.frame, 112, item.choice);
    EXPECT_EQ(CornersOf(crops), item.corners);
    for (const CropPlan& crop : crops) {
      EXPECT_EQ(RegionOf(crop), (Box{0, 0, item.frame.width, item.frame.height}));
      EXPECT_EQ(crop.frame, item.frame);
      EXPECT_EQ(crop.resized_width, item.resized_width);
      EXPECT_EQ(crop.resized_height, item.resized_height);
      EXPECT_EQ(crop.size, 112);
    }
  }
}

TEST(CropPlanTest, ScoringCropsThatCannotBeAreUsageErrors) {
  EXPECT_NO_THROW((CropChoice{ScoringCrop::kTen, 0}.Check(112)));
  EXPECT_NO_THROW((CropChoice{ScoringCrop::kCenter, 112}.Check(112)));
  EXPECT_THROW((CropChoice{ScoringCrop::kCenter, 111}.Check(112)), Error);
  EXPECT_THROW(ScoringCrops({0, 10}, 112, {ScoringCrop::kThree, 0}), Error);
}

// All numbers are computed by hand from docs/reference/clips.md.
TEST(CropPlanTest, TilesCoverTheCompleteResizedFrame) {
  struct Case {
    FrameSize frame, resized;
    std::vector<Corner> corners;
  };
  for (const Case& item :
       {Case{{640, 360}, {199, 112}, {{0, 0, false}, {87, 0, false}}},
        Case{{202, 360}, {112, 199}, {{0, 0, false}, {0, 87, false}}},
        Case{{320, 240}, {149, 112}, {{0, 0, false}, {37, 0, false}}},
        Case{{240, 240}, {112, 112}, {{0, 0, false}}},
        Case{{480, 240}, {224, 112}, {{0, 0, false}, {112, 0, false}}},
        Case{{700, 280}, {280, 112}, {{0, 0, false}, {112, 0, false}, {168, 0, false}}}}) {
    EXPECT_EQ(WholeFrameSize(item.frame, 112), item.resized);
    const std::vector<CropPlan> tiles = WholeFrameTiles(item.frame, 112);
    EXPECT_EQ(CornersOf(tiles), item.corners);
    for (const CropPlan& tile : tiles) {
      EXPECT_EQ(RegionOf(tile), (Box{0, 0, item.frame.width, item.frame.height}));
      EXPECT_EQ(tile.size, 112);
    }
  }
  EXPECT_EQ(WholeFrameSize({640, 360}, 128), (FrameSize{227, 128}));
}

TEST(CropPlanTest, FramesWithoutPixelsOrTooLongAreNotScoredAsAWhole) {
  EXPECT_EQ(WholeFrameSize({800, 100}, 112), (FrameSize{896, 112}));
  for (const FrameSize frame : {FrameSize{0, 10}, {801, 100}, {100, 801}, {1'000'000, 1}}) {
    EXPECT_THROW(WholeFrameSize(frame, 112), Error);
    EXPECT_THROW(WholeFrameTiles(frame, 112), Error);
  }
}

TEST(CropPlanTest, FramesTooSmallAreInputErrors) {
  Rng rng(1);
  EXPECT_THROW(DrawCrop(OneScale(0.5, CropRounding::kHalves2018), {3, 3}, rng), Error);
  EXPECT_THROW(CenterCrop({0, 10}, 112), Error);
}

TEST(CropPlanTest, CheckRefusesNonsense) {
  CropOptions options;
  EXPECT_NO_THROW(options.Check());
  options.scales = {};
  EXPECT_THROW(options.Check(), Error);
  options.scales = {1.0, 1.1};
  EXPECT_THROW(options.Check(), Error);
  options.scales = {0.0};
  EXPECT_THROW(options.Check(), Error);
}

}  // namespace
}  // namespace reel3d
