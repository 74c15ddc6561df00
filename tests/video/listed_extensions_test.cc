// list-videos recognises videos by their extensions. prep-videos must be able to read each of these
// kinds.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <map>

#include "lib/base/error.h"
#include "lib/data/video_tree.h"
#include "tests/test_support.h"
#include "tests/video/sample_video.h"

namespace reel3d {
namespace {

struct Kind {
  const char* container;  // FFmpeg's name
  const char* codec;
  const char* pixels = "yuv420p";
};

const std::map<std::string, Kind>& Kinds() {
  static const std::map<std::string, Kind> kinds = {
      {"3gp", {"3gp", "mpeg4"}},
      {"asf", {"asf", "wmv2"}},
      {"avi", {"avi", "mpeg4"}},
      {"divx", {"avi", "mpeg4"}},
      {"f4v", {"f4v", "libx264"}},
      {"flv", {"flv", "flv"}},
      {"m2ts", {"mpegts", "mpeg2video"}},
      {"m4v", {"mp4", "mpeg4"}},
      {"mjpeg", {"mjpeg", "mjpeg", "yuvj420p"}},
      {"mjpg", {"mjpeg", "mjpeg", "yuvj420p"}},
      {"mkv", {"matroska", "mpeg4"}},
      {"mov", {"mov", "mpeg4"}},
      {"mp4", {"mp4", "libx264"}},
      {"mpeg", {"mpeg", "mpeg1video"}},
      {"mpg", {"mpeg", "mpeg2video"}},
      {"mts", {"mpegts", "libx264"}},
      {"mxf", {"mxf", "mpeg2video"}},
      {"ogv", {"ogg", "libtheora"}},
      {"ts", {"mpegts", "libx264"}},
      {"vob", {"vob", "mpeg2video"}},
      {"webm", {"webm", "libvpx"}},
      {"wmv", {"asf", "wmv2"}},
      {"y4m", {"yuv4mpegpipe", "wrapped_avframe"}},
  };
  return kinds;
}

class ListedExtensions : public testing::TestWithParam<std::string> {};

TEST_P(ListedExtensions, AreRead) {
  const auto found = Kinds().find(GetParam());
  ASSERT_NE(found, Kinds().end()) << "list-videos takes ." << GetParam()
                                  << ": say here what such a file holds";
  const Kind& kind = found->second;
  VideoEncoderOptions options = test::Ordinary();
  options.container = kind.container;
  options.codec = kind.codec;
  options.codec_options = "";
  options.pixel_format = kind.pixels;
  options.fps_num = 25;
  constexpr int kNum = 12;
  const test::TemporaryFolder folder;
  const auto file = folder / ("a." + GetParam());
  try {
    test::WriteSample(file, options, kNum, test::NumberedFrames(64, 48));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kUsage) {
      GTEST_SKIP() << error.what();  // this FFmpeg has no such encoder
    }
    throw;
  }
  const test::Decoded decoded = test::DecodeAll(file);
  EXPECT_EQ(decoded.summary.num_frames, kNum);
  EXPECT_FALSE(decoded.summary.truncated);
  EXPECT_EQ(decoded.summary.problem, "");
}

INSTANTIATE_TEST_SUITE_P(All, ListedExtensions, testing::ValuesIn(VideoExtensions()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace reel3d
