// Files with a film and a still picture, which is stored as a video stream as well. The film must
// be taken, even if the still is the first and default stream. tests/golden/make_awkward_videos.sh
// makes the files.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/test_support.h"
#include "tests/video/sample_video.h"

namespace reel3d {
namespace {

TEST(StillBesideFilmTest, TheFilmIsTaken) {
  struct Case {
    const char* name;
    const char* codec;
    int num_frames;
  };
  for (const Case& it : {Case{"still_first.mkv", "h264", 50}, Case{"still_first.mp4", "h264", 20},
                         Case{"still_first.mov", "hevc", 20}, Case{"png_first.mkv", "h264", 20},
                         Case{"cover.mp4", "h264", 20}}) {
    const auto file = test::SourceFolder() / "tests/golden/awkward" / it.name;
    const VideoInfo info = VideoDecoder(file).info();
    EXPECT_EQ(info.codec, it.codec) << it.name;
    EXPECT_EQ(info.width, 64) << it.name;
    const DecodeSummary summary = test::DecodeAll(file).summary;
    EXPECT_EQ(summary.num_frames, it.num_frames) << it.name;
    EXPECT_FALSE(summary.truncated) << it.name;
    EXPECT_TRUE(summary.notes.empty()) << it.name << ": " << summary.notes.front();
  }
}

}  // namespace
}  // namespace reel3d
