// Videos of ../shared/data/public_cases, made after public reports of bugs; other tests of this
// folder generate such videos. The frames are those of `ffprobe -count_frames` (FFmpeg 5.1).
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/test_support.h"
#include "tests/video/sample_video.h"

namespace reel3d {
namespace {

using testing::HasSubstr;

class PublicCasesTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = test::SharedData("data/public_cases");
    if (folder_.empty()) {
      GTEST_SKIP() << "no ../shared/data/public_cases here";
    }
  }
  // Expects `num_frames` frames, no truncation, and the note `note`; "": no note.
  void Expect(const std::string& name, int64_t num_frames, const std::string& note) {
    const DecodeSummary summary = test::DecodeAll(folder_ / name).summary;
    EXPECT_EQ(summary.num_frames, num_frames) << name;
    EXPECT_FALSE(summary.truncated) << name;
    if (note.empty()) {
      EXPECT_THAT(summary.notes, testing::IsEmpty()) << name;
      EXPECT_EQ(summary.problem, "") << name;
    } else {
      EXPECT_THAT(summary.notes, testing::ElementsAre(HasSubstr(note))) << name;
    }
  }

  std::filesystem::path folder_;
};

TEST_F(PublicCasesTest, AClipCutByAnEditListIsComplete) {
  Expect("mp4_edit_list_preroll/videos/cut/h264.mp4", 52, "");
}

TEST_F(PublicCasesTest, AClipCutInAnOpenGroupOfPicturesIsComplete) {
  Expect("open_gop_cut/videos/cut/hevc.mp4", 54, "frames that it lists hold no picture");
}

TEST_F(PublicCasesTest, AClockThatGoesBackLosesNoFrame) {
  Expect("ts_clock_goes_back/videos/joined/three.ts", 150, "clock starts again or leaps 2 times");
}

TEST_F(PublicCasesTest, AnUnknownCodecIsNamed) {
  EXPECT_THAT(test::DecodeFault(folder_ / "unknown_codec_name/videos/new/vvc.mp4"),
              HasSubstr("no decoder for vvc1"));
}

}  // namespace
}  // namespace reel3d
