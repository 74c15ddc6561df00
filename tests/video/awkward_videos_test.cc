// Videos whose files store more or other data than players show: preroll, open groups of pictures,
// clocks that start again, stills beside the film. The decoder must return every frame that ffprobe
// counts.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/test_support.h"
#include "tests/video/sample_video.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;
using test::DecodeAll;
using test::Decoded;
using test::Ordinary;
using test::Range;
using test::TemporaryFolder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int kWidth = 64;
constexpr int kHeight = 48;

VideoEncoderOptions Coded(const std::string& codec, const std::string& pixel_format = "yuv420p") {
  VideoEncoderOptions options = Ordinary();
  options.codec = codec;
  options.pixel_format = pixel_format;
  options.codec_options = "b=2000000:g=12";
  options.fps_num = 25;
  return options;
}

std::string Sample(const fs::path& file, const VideoEncoderOptions& options, int num_frames) {
  test::WriteSample(file, options, num_frames, test::NumberedFrames(kWidth, kHeight));
  return test::ReadBytes(file);
}

fs::path Golden(const std::string& name) {
  return test::SourceFolder() / "tests/golden/awkward" / name;
}

void PutBig32(std::string* bytes, size_t at, uint32_t value) {
  for (int i = 0; i < 4; ++i) {
    bytes->at(at + i) = static_cast<char>(value >> (24 - 8 * i));
  }
}

uint32_t Big32(const std::string& bytes, size_t at) {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    value = value << 8 | static_cast<uint8_t>(bytes.at(at + i));
  }
  return value;
}

// The video is shown from frame 33 on, but decoded from the key frame 25. Phones and
// `ffmpeg -ss -c copy` write such files.
TEST(AwkwardVideosTest, FramesBeforeAnEditListAreNotMissing) {
  for (const char* name : {"a.mp4", "a.mov"}) {
    const TemporaryFolder folder;
    std::string bytes = Sample(folder / name, Ordinary(), 90);
    const size_t list = bytes.find("elst");
    ASSERT_NE(list, std::string::npos);
    const uint32_t ticks_per_frame = Big32(bytes, list + 16) / 2;  // two frames of reordering
    PutBig32(&bytes, list + 12, 9000 - 3300);
    PutBig32(&bytes, list + 16, 35 * ticks_per_frame);
    test::WriteBytes(folder / name, bytes);
    const Decoded decoded = DecodeAll(folder / name);
    EXPECT_EQ(decoded.numbers, Range(33, 90)) << name;
    EXPECT_NEAR(decoded.times_s.front(), 0, 1e-3) << name;
    EXPECT_FALSE(decoded.summary.truncated) << name;
    EXPECT_EQ(decoded.summary.expected_frames, 57) << name;
    EXPECT_THAT(decoded.summary.notes, IsEmpty()) << name;
  }
}

TEST(AwkwardVideosTest, WhatIsMissingAtTheBeginningIsNoTruncation) {
  const TemporaryFolder folder;
  std::string bytes = Sample(folder / "a.mov", Coded("mjpeg", "yuvj420p"), 60);
  size_t at = 0;
  for (int frame = 0; frame < 8; ++frame) {
    at = bytes.find("\xFF\xD8", at);
    const size_t end = bytes.find("\xFF\xD9", at);
    ASSERT_NE(end, std::string::npos);
    std::fill(bytes.begin() + static_cast<int64_t>(at), bytes.begin() + static_cast<int64_t>(end),
              '\0');
  }
  test::WriteBytes(folder / "a.mov", bytes);
  const Decoded decoded = DecodeAll(folder / "a.mov");
  EXPECT_EQ(decoded.summary.num_frames, 52);
  EXPECT_FALSE(decoded.summary.truncated);
  EXPECT_THAT(decoded.summary.notes, ElementsAre(HasSubstr("8 of the 60 frames")));

  const Decoded open = DecodeAll(Golden("open_gop.mp4"));
  EXPECT_EQ(open.summary.num_frames, 35);
  EXPECT_FALSE(open.summary.truncated);
  EXPECT_THAT(open.summary.notes, ElementsAre(HasSubstr("3 of the 38 frames")));
}

// Aborted downloads may have their full length, with zeros at the end.
TEST(AwkwardVideosTest, ATailOfZerosIsTruncation) {
  const TemporaryFolder folder;
  VideoEncoderOptions options = Ordinary();
  options.container_options = "movflags=faststart";
  std::string bytes = Sample(folder / "a.mp4", options, 90);
  const size_t from = bytes.find("mdat") + (bytes.size() - bytes.find("mdat")) / 2;
  std::fill(bytes.begin() + static_cast<int64_t>(from), bytes.end(), '\0');
  test::WriteBytes(folder / "a.mp4", bytes);
  EXPECT_TRUE(DecodeAll(folder / "a.mp4").summary.truncated);
}

TEST(AwkwardVideosTest, AClockThatStartsAgainLosesNothing) {
  struct Case {
    const char* name;
    VideoEncoderOptions options;
    int times;
  };
  for (const Case& it :
       {Case{"a.ts", Ordinary(), 3}, Case{"a.ts", Ordinary(), 2},
        Case{"a.mpg", Coded("mpeg2video"), 3}, Case{"a.vob", Coded("mpeg2video"), 2},
        Case{"a.m2ts", Coded("mpeg2video"), 4}}) {
    const TemporaryFolder folder;
    constexpr int kNum = 50;
    const std::string one = Sample(folder / it.name, it.options, kNum);
    std::string joined;
    for (int i = 0; i < it.times; ++i) {
      joined += one;
    }
    test::WriteBytes(folder / it.name, joined);
    const Decoded decoded = DecodeAll(folder / it.name);
    ASSERT_EQ(decoded.times_s.size(), static_cast<size_t>(kNum * it.times)) << it.name;
    const double step_s = 1. / it.options.fps_num;
    for (size_t i = 1; i < decoded.times_s.size(); ++i) {
      EXPECT_GE(decoded.times_s[i], decoded.times_s[i - 1]) << it.name << " " << i;
      EXPECT_LT(decoded.times_s[i], decoded.times_s[i - 1] + 2.5 * step_s) << it.name << " " << i;
    }
    EXPECT_FALSE(decoded.summary.truncated) << it.name;
    EXPECT_THAT(decoded.summary.notes, ElementsAre(HasSubstr("clock starts again"))) << it.name;
    // Times of a part are those of the corrected clock, which does not start again.
    const double begin_s = decoded.times_s[kNum - 2] - step_s / 2;
    EXPECT_EQ(DecodeAll(folder / it.name, {begin_s, begin_s + 5 * step_s}).times_s.size(), 5U)
        << it.name;
  }
}

TEST(AwkwardVideosTest, TheStreamItselfMaySayHowItIsTurned) {
  VideoDecoder decoder(Golden("turned.mp4"));
  VideoFrame frame;
  int num_frames = 0;
  for (; decoder.Next(&frame); ++num_frames) {
    EXPECT_TRUE(frame.orientation.transpose);
    EXPECT_NEAR(frame.aspect, 3. / 4, 1e-9);
  }
  EXPECT_EQ(num_frames, 50);
}

TEST(AwkwardVideosTest, AnUnknownCodecIsNamed) {
  for (const char* letters : {"vvc1", "zzz9"}) {
    const TemporaryFolder folder;
    std::string bytes = Sample(folder / "a.mp4", Ordinary(), 3);
    bytes.replace(bytes.find("avc1", bytes.find("stsd")), 4, letters);
    test::WriteBytes(folder / "a.mp4", bytes);
    EXPECT_THAT(test::DecodeFault(folder / "a.mp4"),
                HasSubstr(std::string("no decoder for ") + letters));
  }
}

TEST(AwkwardVideosTest, ASizeThatChangesIsSaid) {
  const TemporaryFolder folder;
  VideoEncoderOptions options = Ordinary();
  const std::string small = Sample(folder / "a.ts", options, 20);
  options.width = 2 * kWidth;
  test::WriteSample(folder / "b.ts", options, 20, test::NumberedFrames(2 * kWidth, kHeight));
  test::WriteBytes(folder / "a.ts", small + test::ReadBytes(folder / "b.ts"));
  const Decoded decoded = DecodeAll(folder / "a.ts");
  EXPECT_EQ(decoded.summary.num_frames, 40);
  EXPECT_THAT(decoded.summary.notes, testing::Contains(HasSubstr("from 64x48 to 128x48 pixels")));
}

}  // namespace
}  // namespace reel3d
