// SPDX-License-Identifier: Apache-2.0
#include "lib/video/video_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "lib/base/rng.h"
#include "tests/test_support.h"
#include "tests/video/sample_video.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;
using test::DecodeAll;
using test::Decoded;
using test::DecodeFault;
using test::Ordinary;
using test::Range;
using test::TemporaryFolder;
using testing::HasSubstr;

TEST(VideoDecoderTest, GivesEveryFrameInOrderOfPresentation) {
  const TemporaryFolder folder;
  for (const char* name : {"a.mp4", "a.mkv", "a.ts", "a.mov", "a.flv"}) {
    test::WriteSample(folder / name, Ordinary(), 80, test::NumberedFrames(64, 48));
    const Decoded decoded = DecodeAll(folder / name);
    EXPECT_EQ(decoded.numbers, Range(0, 80)) << name;
    for (int i = 0; i < 80; ++i) {
      ASSERT_NEAR(decoded.times_s[i] - decoded.times_s[0], i / 10., 0.0011) << name;
    }
    EXPECT_FALSE(decoded.summary.truncated) << name;
    EXPECT_EQ(decoded.summary.problem, "") << name;
    EXPECT_EQ(decoded.summary.num_frames, 80) << name;
  }
}

TEST(VideoDecoderTest, SaysWhatTheFileIs) {
  const TemporaryFolder folder;
  test::WriteSample(folder / "a.mp4", Ordinary(), 12, test::NumberedFrames(64, 48));
  const VideoInfo info = VideoDecoder(folder / "a.mp4").info();
  EXPECT_EQ(info.codec, "h264");
  EXPECT_THAT(info.container, HasSubstr("mp4"));
  EXPECT_EQ(info.width, 64);
  EXPECT_EQ(info.height, 48);
  EXPECT_EQ(info.fps_num, 10 * info.fps_den);
  EXPECT_EQ(info.num_frames, 12);
}

TEST(VideoDecoderTest, PartsAreExact) {
  struct Case {
    double begin_s, end_s;
    int begin, end;
  };
  const double forever = INFINITY;
  const TemporaryFolder folder;
  for (const char* name : {"a.mp4", "a.mkv", "a.ts"}) {
    test::WriteSample(folder / name, Ordinary(), 100, test::NumberedFrames(64, 48));
    for (const Case& it :
         {Case{0, 2, 0, 20}, Case{0.35, 0.75, 4, 8}, Case{1, 3, 10, 30}, Case{7.7, 9.2, 77, 92},
          Case{5, forever, 50, 100}, Case{9.9, 20, 99, 100}, Case{4.95, 5.05, 50, 51}}) {
      EXPECT_EQ(DecodeAll(folder / name, {it.begin_s, it.end_s}).numbers, Range(it.begin, it.end))
          << name << " " << it.begin_s;
    }
    EXPECT_THAT(DecodeFault(folder / name, {12, 15}), HasSubstr("no frame from 12 s to 15 s"));
  }
}

// Matroska's cues are an index at the end of the file. In this file, the cue of the key frame
// at 7.5 s states 5.1 s.
TEST(VideoDecoderTest, PartsAreExactWhereTheIndexLies) {
  const TemporaryFolder folder;
  test::WriteSample(folder / "a.mkv", Ordinary(), 100, test::NumberedFrames(64, 48));
  std::string bytes = test::ReadBytes(folder / "a.mkv");
  const size_t cue = bytes.rfind("\xB3\x82\x1D\x4C");  // CueTime, 2 bytes, 7500 ms
  ASSERT_NE(cue, std::string::npos);
  bytes.replace(cue + 2, 2, "\x13\xEC");  // 5100 ms
  test::WriteBytes(folder / "a.mkv", bytes);
  EXPECT_EQ(DecodeAll(folder / "a.mkv", {5.3, 6}).numbers, Range(53, 60));
}

TEST(VideoDecoderTest, KeepsTimesOfVariableFrameRate) {
  const TemporaryFolder folder;
  const std::vector<double> times{0, 0.1, 0.5, 0.52, 3, 3.1, 7};
  VideoEncoderOptions options = Ordinary();
  options.variable_rate = true;
  VideoEncoder encoder(folder / "a.mp4", options);
  for (size_t i = 0; i < times.size(); ++i) {
    std::vector<uint8_t> pixels(encoder.frame_size_bytes());
    test::NumberedFrames(64, 48)(static_cast<int>(i), &pixels);
    encoder.Write(pixels, times[i]);
  }
  encoder.Finish();
  const Decoded decoded = DecodeAll(folder / "a.mp4");
  EXPECT_EQ(decoded.numbers, Range(0, 7));
  EXPECT_THAT(decoded.times_s, testing::Pointwise(testing::DoubleNear(1e-3), times));
  EXPECT_EQ(DecodeAll(folder / "a.mp4", {0.51, 3.1}).numbers, Range(3, 5));
}

// A cut file gives its remaining frames, and is reported as truncated.
TEST(VideoDecoderTest, NoticesTruncation) {
  const TemporaryFolder folder;
  const auto noise = [](int number, std::vector<uint8_t>* pixels) {
    Rng rng(number);
    std::generate(pixels->begin(), pixels->end(), [&] { return static_cast<uint8_t>(rng.Next()); });
  };
  // An MP4's index is at the end, so a cut MP4 has no frames (see below).
  for (const char* name : {"a.avi", "a.mkv", "a.flv"}) {
    test::WriteSample(folder / name, Ordinary(), 90, noise);
    ASSERT_FALSE(DecodeAll(folder / name).summary.truncated) << name;
    const std::string whole = test::ReadBytes(folder / name);
    test::WriteBytes(folder / name, whole.substr(0, whole.size() * 6 / 10));
    const Decoded decoded = DecodeAll(folder / name);
    EXPECT_TRUE(decoded.summary.truncated) << name;
    EXPECT_NE(decoded.summary.problem, "") << name;
    EXPECT_NEAR(decoded.summary.num_frames, 54, 3) << name;
    EXPECT_NEAR(decoded.summary.expected_frames, 90, 2) << name;
  }
}

TEST(VideoDecoderTest, RefusesWhatIsNoVideoWithAReason) {
  const TemporaryFolder folder;
  test::WriteSample(folder / "good.mp4", Ordinary(), 30, test::NumberedFrames(64, 48));
  const std::string good = test::ReadBytes(folder / "good.mp4");
  const std::string path = (folder / "good.mp4").string();
  struct Case {
    const char* name;
    std::string bytes;
    const char* reason;
  };
  const std::string wave(
      "RIFF\x24\x08\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x40\x1f\0\0\1\0"
      "\x8\0data\0\x8\0\0",
      44);
  for (const Case& it :
       {Case{"text.mp4", "this is no video\n", "content"}, Case{"empty.mp4", "", "is empty"},
        Case{"no_index.mp4", good.substr(0, good.size() / 2), "moov atom not found"},
        Case{"list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n" + path + "\n",
             "no video container"},
        Case{"list.mp4", "ffconcat version 1.0\nfile '" + path + "'\n", "no video container"},
        Case{"list.sdp",
             "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
             "content"},
        Case{"sound.mp4", wave + std::string(2048, '\x80'), "no video container"},
        Case{"zeros.mp4", std::string(100'000, '\0'), "content"}}) {
    test::WriteBytes(folder / it.name, it.bytes);
    EXPECT_THAT(DecodeFault(folder / it.name), HasSubstr(it.reason)) << it.name;
  }
  EXPECT_THAT(DecodeFault(folder / "absent.mp4"), HasSubstr("absent.mp4"));
  EXPECT_NE(DecodeFault(folder.path()), "");
}

TEST(VideoDecoderTest, NamesAreNeverTakenForAddresses) {
  const TemporaryFolder folder;
  for (const char* name : {"concat:a|b.mp4", "100%d.mp4", "a b,c'd.mp4", "http:x.mp4"}) {
    test::WriteSample(folder / "a.mp4", Ordinary(), 3, test::NumberedFrames(64, 48));
    fs::rename(folder / "a.mp4", folder / name);
    EXPECT_EQ(DecodeAll(folder / name).numbers, Range(0, 3)) << name;
  }
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  test::WriteSample("a.mp4", Ordinary(), 3, test::NumberedFrames(64, 48));
  fs::rename("a.mp4", "pipe:0");
  EXPECT_EQ(DecodeAll("pipe:0").numbers, Range(0, 3));
  fs::current_path(before);
}

TEST(VideoDecoderTest, RefusesHugePicturesBeforeTakingMemory) {
  const TemporaryFolder folder;
  VideoEncoderOptions options = test::Lossless(VideoDecoder::kMaxSide + 2, 16);
  test::WriteSample(folder / "wide.mkv", options, 1, [](int, std::vector<uint8_t>*) {});
  EXPECT_THAT(DecodeFault(folder / "wide.mkv"), HasSubstr("8194x16 pixels; at most 8192"));
}

// Every damage must end in frames or in an input error, never in a crash or a hang.
TEST(VideoDecoderTest, SurvivesDamageAnywhere) {
  const TemporaryFolder folder;
  for (const char* name : {"a.mp4", "a.mkv", "a.ts"}) {
    test::WriteSample(folder / name, Ordinary(), 20, test::NumberedFrames(64, 48));
    const std::string good = test::ReadBytes(folder / name);
    for (size_t at = 0; at < good.size(); at += 1 + good.size() / 60) {
      std::string bytes = good;
      for (size_t i = at; i < std::min(at + 6, bytes.size()); ++i) {
        bytes[i] = static_cast<char>(bytes[i] ^ 0xA5);
      }
      test::WriteBytes(folder / "damaged", bytes);
      EXPECT_NE(DecodeFault(folder / "damaged"), "not an input error") << name << " " << at;
    }
  }
}

}  // namespace
}  // namespace reel3d
