// SPDX-License-Identifier: Apache-2.0
#include "lib/frames/resize.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/shard/clip_golden.h"

namespace reel3d {
namespace {

// Returns the picture of test_picture() in tests/golden/make_clip_golden.py, as RGBX.
std::vector<uint8_t> TestPicture(FrameSize frame) {
  std::vector<uint8_t> rgbx;
  for (int y = 0; y < frame.height; ++y) {
    for (int x = 0; x < frame.width; ++x) {
      for (int c = 0; c < 4; ++c) {
        const int64_t noise = (int64_t{x} * 7919 + int64_t{y} * 104729 + int64_t{c} * 1299709 +
                               int64_t{x} * y * (c + 3)) %
                              71;
        const int steps = (x / 5 + y / 7 + c) % 3 * 60;
        rgbx.push_back(static_cast<uint8_t>((x * 2 + y * (c + 1)) % 64 + noise + steps));
      }
    }
  }
  return rgbx;
}

// Passes each row in a buffer of its exact size, so that sanitizers notice reads past its end.
std::vector<uint8_t> Resize(const CropPlan& plan, const std::vector<uint8_t>& rgbx) {
  CropResizer resizer;
  resizer.Prepare(plan);
  for (int y = resizer.first_row(); y < resizer.end_row(); ++y) {
    const auto pixel = [&](int x) {
      return rgbx.begin() + (static_cast<ptrdiff_t>(y) * plan.frame.width + x) * 4;
    };
    std::vector<uint8_t> row(pixel(resizer.first_column()), pixel(resizer.end_column()));
    row.resize(row.size() + CropResizer::kRowPadding, 0xAA);
    resizer.AddRow(y, row.data());
  }
  const size_t plane_stride = static_cast<size_t>(plan.size) * plan.size;
  std::vector<uint8_t> planes(3 * plane_stride);
  resizer.Finish(planes.data(), static_cast<int64_t>(plane_stride));
  return planes;
}

TEST(ResizeTest, EqualsPilToTheLastBit) {
  const nlohmann::json golden = test::ClipGolden().at("resize");
  ASSERT_GT(golden.size(), 30U);
  int num_full = 0;
  for (const nlohmann::json& item : golden) {
    SCOPED_TRACE(item.dump().substr(0, 250));
    const CropPlan plan = test::PlanOf(item);
    const std::vector<uint8_t> planes = Resize(plan, TestPicture(plan.frame));
    if (item.contains("planes")) {
      EXPECT_EQ(planes, test::BytesOfHex(item.at("planes")));
      ++num_full;
    }
    EXPECT_EQ(Crc32(planes.data(), planes.size()), item.at("crc32").get<uint32_t>());
  }
  EXPECT_GT(num_full, 4);
}

TEST(ResizeTest, NeedsNoPixelOutsideTheRegion) {
  const CropPlan plan = {{64, 48}, 10, 4, 40, 40, 16, 16, 0, 0, 16, false};
  CropResizer resizer;
  resizer.Prepare(plan);
  EXPECT_EQ(resizer.first_column(), 10);
  EXPECT_EQ(resizer.end_column(), 50);
  EXPECT_EQ(resizer.first_row(), 4);
  EXPECT_EQ(resizer.end_row(), 44);
}

TEST(ResizeTest, AWindowNeedsOnlyItsPartOfTheRegionAndTheFilterAroundIt) {
  // The scale is 4 to 1: the filter reaches 4 pixels to each side of an output pixel's centre.
  const CropPlan plan = {{160, 80}, 0, 0, 160, 80, 40, 20, 10, 0, 20, false};
  CropResizer resizer;
  resizer.Prepare(plan);
  EXPECT_EQ(resizer.first_column(), 38);
  EXPECT_EQ(resizer.end_column(), 122);
  EXPECT_EQ(resizer.end_row(), 80);
}

TEST(ResizeTest, EvenPicturesStayEven) {
  for (const int value : {0, 1, 127, 254, 255}) {
    const CropPlan plan = {{333, 277}, 7, 11, 301, 222, 112, 112, 0, 0, 112, true};
    const std::vector<uint8_t> rgbx(size_t{333} * 277 * 4, static_cast<uint8_t>(value));
    const std::vector<uint8_t> planes = Resize(plan, rgbx);
    EXPECT_EQ(std::count(planes.begin(), planes.end(), value), int64_t{3} * 112 * 112) << value;
  }
}

TEST(ResizeTest, OneObjectServesPlansOfAllSizesInTurn) {
  const FrameSize frame = {90, 70};
  const std::vector<uint8_t> rgbx = TestPicture(frame);
  CropResizer reused;
  for (const int side : {70, 20, 64, 9}) {
    const CropPlan plan = {frame, 5, 0, side, side, 31, 31, 0, 0, 31, side == 20};
    reused.Prepare(plan);
    for (int y = reused.first_row(); y < reused.end_row(); ++y) {
      reused.AddRow(y, rgbx.data() + (static_cast<ptrdiff_t>(y) * frame.width + 5) * 4);
    }
    std::vector<uint8_t> planes(size_t{3} * 31 * 31);
    reused.Finish(planes.data(), int64_t{31} * 31);
    EXPECT_EQ(planes, Resize(plan, rgbx)) << side;
  }
}

}  // namespace
}  // namespace reel3d
