// SPDX-License-Identifier: Apache-2.0
#include "lib/video/prepared_video.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/error.h"
#include "lib/video/jpeg_encoder.h"
#include "tests/test_support.h"
#include "tests/video/sample_video.h"

namespace reel3d {
namespace {

using test::TemporaryFolder;
using testing::HasSubstr;

std::vector<std::vector<uint8_t>> Jpegs(int count) {
  JpegEncoder encoder(90);
  std::vector<std::vector<uint8_t>> jpegs;
  for (int i = 0; i < count; ++i) {
    YuvImage image(48, 32);
    for (int y = 0; y < 32; ++y) {
      std::fill_n(image.row(0, y), 48, static_cast<uint8_t>(7 * i + y));
    }
    image.PadRight();
    jpegs.push_back(encoder.Encode(image));
  }
  return jpegs;
}

void WriteAll(const std::filesystem::path& file, const std::vector<std::vector<uint8_t>>& jpegs,
              const std::vector<double>& times_s, int fps_num = 30000, int fps_den = 1001) {
  PreparedVideoWriter writer(file, {48, 32, fps_num, fps_den});
  for (size_t i = 0; i < jpegs.size(); ++i) {
    writer.Write(jpegs[i], times_s[i]);
  }
  writer.Finish();
}

std::string ReadFault(const std::filesystem::path& file) {
  try {
    PreparedVideoReader reader(file);
    std::vector<uint8_t> jpeg;
    while (reader.Next(&jpeg)) {
    }
  } catch (const Error& error) {
    return error.kind() == ErrorKind::kInput ? error.what() : "not an input error";
  }
  return "";
}

TEST(PreparedVideoTest, GivesBackTheSamePacketsSizeRateAndTimes) {
  const TemporaryFolder folder;
  const auto jpegs = Jpegs(5);
  const std::vector<double> times{0, 0.033, 0.5, 0.533, 2};
  WriteAll(folder / "a.mkv", jpegs, times);
  PreparedVideoReader reader(folder / "a.mkv");
  EXPECT_EQ(reader.info().width, 48);
  EXPECT_EQ(reader.info().height, 32);
  EXPECT_EQ(reader.info().fps_num, 30000);
  EXPECT_EQ(reader.info().fps_den, 1001);
  std::vector<uint8_t> jpeg;
  for (size_t frame = 0; frame < jpegs.size(); ++frame) {
    ASSERT_TRUE(reader.Next(&jpeg));
    EXPECT_EQ(jpeg, jpegs[frame]);
    EXPECT_NEAR(reader.time_s(), times[frame], 1e-6);
  }
  EXPECT_FALSE(reader.Next(&jpeg));
  EXPECT_THAT(test::DecodeAll(folder / "a.mkv").times_s,
              testing::Pointwise(testing::DoubleNear(1e-6), times));
}

TEST(PreparedVideoTest, ReadsUnknownFrameRatesAsUnknown) {
  const TemporaryFolder folder;
  WriteAll(folder / "a.mkv", Jpegs(1), {0}, 0, 1);
  EXPECT_EQ(PreparedVideoReader(folder / "a.mkv").info().fps_num, 0);
}

TEST(PreparedVideoTest, TimesThatDoNotIncreaseAreMovedApart) {
  const TemporaryFolder folder;
  WriteAll(folder / "a.mkv", Jpegs(4), {-1, 0, 0.0001, 1e300});
  const std::vector<double> times = test::DecodeAll(folder / "a.mkv").times_s;
  ASSERT_EQ(times.size(), 4U);
  EXPECT_NEAR(times[1], 0.001, 1e-9);
  EXPECT_NEAR(times[2], 0.002, 1e-9);
}

TEST(PreparedVideoTest, EqualPacketsMakeEqualFiles) {
  const TemporaryFolder folder;
  WriteAll(folder / "a.mkv", Jpegs(3), {0, 1, 2});
  WriteAll(folder / "b.mkv", Jpegs(3), {0, 1, 2});
  EXPECT_EQ(test::ReadBytes(folder / "a.mkv"), test::ReadBytes(folder / "b.mkv"));
}

TEST(PreparedVideoTest, RefusesWhatIsNotWhole) {
  const TemporaryFolder folder;
  WriteAll(folder / "whole.mkv", Jpegs(3), {0, 1, 2});
  const std::string whole = test::ReadBytes(folder / "whole.mkv");
  ASSERT_EQ(ReadFault(folder / "whole.mkv"), "");
  for (const size_t size : {size_t{0}, size_t{3}, size_t{40}, whole.size() / 2, whole.size() - 1}) {
    test::WriteBytes(folder / "cut.mkv", whole.substr(0, size));
    EXPECT_THAT(ReadFault(folder / "cut.mkv"), HasSubstr("no whole Matroska file")) << size;
  }
  test::WriteBytes(folder / "longer.mkv", whole + "x");
  EXPECT_THAT(ReadFault(folder / "longer.mkv"), HasSubstr("no whole Matroska file"));
  EXPECT_THAT(ReadFault(folder / "absent.mkv"), HasSubstr("absent.mkv"));
  // A writer that was killed never filled in the segment's size.
  {
    PreparedVideoWriter writer(folder / "unfinished.mkv", {48, 32, 25, 1});
    writer.Write(Jpegs(1)[0], 0);
  }
  EXPECT_THAT(ReadFault(folder / "unfinished.mkv"), HasSubstr("no whole Matroska file"));
}

TEST(PreparedVideoTest, RefusesDamagedFramesAndOtherCodecs) {
  const TemporaryFolder folder;
  const auto jpegs = Jpegs(3);
  WriteAll(folder / "a.mkv", jpegs, {0, 1, 2});
  std::string bytes = test::ReadBytes(folder / "a.mkv");
  const std::string jpeg(jpegs[1].begin(), jpegs[1].end());
  const size_t at = bytes.find(jpeg);
  ASSERT_NE(at, std::string::npos);
  bytes[at] = 0;
  test::WriteBytes(folder / "damaged.mkv", bytes);
  EXPECT_NE(ReadFault(folder / "damaged.mkv"), "");
  test::WriteSample(folder / "ffv1.mkv", test::Lossless(48, 32), 2, test::NumberedFrames(48, 32));
  EXPECT_THAT(ReadFault(folder / "ffv1.mkv"), HasSubstr("Motion-JPEG"));
}

}  // namespace
}  // namespace reel3d
