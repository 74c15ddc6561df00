// Compares entropy decoding with libjpeg's: the coefficients must be the same for all sizes,
// qualities and restart intervals.
// SPDX-License-Identifier: Apache-2.0
#include "lib/frames/row_decoder.h"

#include <gtest/gtest.h>

#include <cstdio>  // jpeglib.h needs this header before it

#include <jpeglib.h>

#include "lib/frames/inverse_dct.h"
#include "tests/frames/jpeg_pictures.h"

namespace reel3d::jpeg {
namespace {

// [component][block row][block column][frequency], as libjpeg reads them.
using Coefficients = std::array<std::vector<std::vector<std::array<int16_t, 64>>>, 3>;

Coefficients ReadByLibjpeg(const std::vector<uint8_t>& bytes) {
  jpeg_decompress_struct jpeg = {};
  jpeg_error_mgr errors = {};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&jpeg);
  jpeg_mem_src(&jpeg, bytes.data(), bytes.size());
  jpeg_read_header(&jpeg, TRUE);
  jvirt_barray_ptr* arrays = jpeg_read_coefficients(&jpeg);
  Coefficients all;
  for (size_t c = 0; c < 3; ++c) {
    const jpeg_component_info& info = jpeg.comp_info[c];
    for (JDIMENSION y = 0; y < info.height_in_blocks; ++y) {
      JBLOCKARRAY rows = jpeg.mem->access_virt_barray(reinterpret_cast<j_common_ptr>(&jpeg),
                                                      arrays[c], y, 1, FALSE);
      all[c].emplace_back(info.width_in_blocks);
      for (JDIMENSION x = 0; x < info.width_in_blocks; ++x) {
        std::copy_n(rows[0][x], 64, all[c].back()[x].begin());
      }
    }
  }
  jpeg_finish_decompress(&jpeg);
  jpeg_destroy_decompress(&jpeg);
  return all;
}

// Returns the place where RowDecoder stores block (x, y) of an MCU's component.
const int16_t* LanesOf(CoefficientUnit& unit, int mcu, size_t component, int x, int y) {
  if (component == 0) {
    return unit.luma[mcu / 4].value[0] + 8 * y + 2 * (mcu % 4) + x;
  }
  return unit.chroma.value[0] + mcu + 8 * (static_cast<int>(component) - 1);
}

// Compares one segment's blocks, as far as they lie in the picture, and returns how many it
// compared.
int CompareSegment(RowDecoder& rows, const Coefficients& expected, int interval, int mcu_row,
                   int segment) {
  int num_blocks = 0;
  for (int mcu = 0; mcu < interval; ++mcu) {
    for (size_t c = 0; c < 3; ++c) {
      const int side = c == 0 ? 2 : 1;
      for (int block = 0; block < side * side; ++block) {
        const auto y = static_cast<size_t>(side * mcu_row + block / side);
        const auto x = static_cast<size_t>(side * (segment * interval + mcu) + block % side);
        if (y >= expected[c].size() || x >= expected[c][y].size()) {
          continue;
        }
        const int16_t* lanes = LanesOf(rows.unit(0), mcu, c, block % side, block / side);
        for (size_t k = 0; k < 64; ++k) {
          EXPECT_EQ(lanes[k * kBlocksAside], expected[c][y][x][k])
              << "component " << c << ", block " << x << ", " << y << ", frequency " << k;
        }
        ++num_blocks;
      }
    }
  }
  return num_blocks;
}

void ExpectLibjpegsCoefficients(const std::vector<uint8_t>& jpeg) {
  StreamHeader header;
  ASSERT_TRUE(ReadStreamHeader(jpeg.data(), jpeg.size(), &header));
  std::vector<uint32_t> begins;
  ASSERT_TRUE(
      FindSegments(jpeg.data(), jpeg.size(), header.scan_begin, header.NumSegments(), &begins));
  RowDecoder rows;
  ASSERT_TRUE(rows.SetHeader(header));
  rows.SetGeometry(1, 8);
  const Coefficients expected = ReadByLibjpeg(jpeg);
  std::vector<uint8_t> bytes(jpeg.size() + kReadSlack);
  int num_blocks = 0;
  for (size_t segment = 0; segment < header.NumSegments(); ++segment) {
    for (BlockGroup* group : {&rows.unit(0).luma[0], &rows.unit(0).luma[1], &rows.unit(0).chroma}) {
      ClearGroup(8, group);
    }
    SegmentJob job;
    job.bytes = bytes.data();
    job.size = Unstuff(jpeg.data() + begins[segment], jpeg.data() + begins[segment + 1] - 2,
                       jpeg.data() + jpeg.size(), bytes.data());
    job.stop = header.restart_interval;
    job.whole = true;
    ASSERT_TRUE(rows.Decode({job})) << segment;
    num_blocks += CompareSegment(rows, expected, header.restart_interval,
                                 static_cast<int>(segment) / header.SegmentsPerRow(),
                                 static_cast<int>(segment) % header.SegmentsPerRow());
    ASSERT_FALSE(testing::Test::HasFailure());
  }
  size_t blocks_there = 0;
  for (const auto& component : expected) {
    blocks_there += component.size() * component.front().size();
  }
  EXPECT_EQ(static_cast<size_t>(num_blocks), blocks_there);
}

TEST(RowDecoderTest, CoefficientsAreLibjpegs) {
  // Pairs of width and restart interval. The intervals divide the number of MCU columns.
  const std::vector<std::pair<int, int>> shapes = {{640, 4}, {640, 8}, {640, 2}, {640, 1},
                                                   {480, 5}, {480, 6}, {480, 3}, {426, 3},
                                                   {112, 7}, {16, 1},  {33, 3}};
  for (const auto& [width, interval] : shapes) {
    for (const int quality : {30, 80, 90, 95, 100}) {
      for (const int noise : {1, 8, 64}) {
        test::JpegStyle style;
        style.quality = quality;
        style.restart_interval = interval;
        style.noise = noise;
        SCOPED_TRACE(testing::Message() << width << ", interval " << interval << ", quality "
                                        << quality << ", noise " << noise);
        ExpectLibjpegsCoefficients(test::MakeJpeg({width, 90}, width, style));
      }
    }
  }
}

}  // namespace
}  // namespace reel3d::jpeg
