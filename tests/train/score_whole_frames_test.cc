// Runs score-videos --crops whole like a user.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <vector>

#include "lib/base/file.h"
#include "lib/eval/score_file.h"
#include "lib/shard/shard_set.h"
#include "tests/train/score_tool.h"
#include "tests/video/sample_video.h"

namespace reel3d::test {
namespace {

class ScoreWholeFrames : public ScoreTool {
 protected:
  static Words Whole(const Words& more = {}) {
    Words words = {"--crops", "whole"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  static void Require(const Words& command) {
    const auto result = RunCommand(command);
    ASSERT_EQ(result.exit_status, 0) << result.err;
  }

  static Scores FirstPart(const std::string& out) {
    return ReadScores(fs::path(At(out)) / ScoreFileName(0));
  }

  // Writes videos of several shapes, and a manifest of them.
  static std::string MixedShapes() {
    std::string rows = "id\tpath\tlabel\tsubset\tbegin_s\tend_s\tnum_frames\tfps\twidth\theight\n";
    const FrameSize shapes[] = {{96, 48}, {48, 48}, {64, 48}, {96, 48}, {48, 64}, {48, 48}};
    int number = 0;
    for (const FrameSize shape : shapes) {
      const std::string id = "v" + std::to_string(number++);
      WriteSample(At(id + ".avi"), Lossless(shape.width, shape.height), 20 + number,
                  NumberedFrames(shape.width, shape.height));
      rows += id + "\t" + id + ".avi\t\tvalidation\t\t\t\t\t\t\n";
    }
    WriteFileAtomically(At("shapes.tsv"), rows);
    return At("shapes.tsv");
  }

  static Words FromShapes(const std::string& out, const Words& more = {}) {
    Words words = {"--from-videos", "--prepared-short-side", "48", "--videos-per-part", "100"};
    words.insert(words.end(), more.begin(), more.end());
    return ScoreCommand(MixedShapes(), out, words);
  }
};

// Returns the largest difference of two rows of logits, relative to the largest logit.
double Difference(const Scores& a, size_t clip_a, const Scores& b, size_t clip_b) {
  const size_t num_classes = a.classes.size();
  double difference = 0;
  double largest = 0;
  for (size_t i = 0; i < num_classes; ++i) {
    const double value = a.logits[clip_a * num_classes + i];
    difference = std::max(difference, std::abs(value - b.logits[clip_b * num_classes + i]));
    largest = std::max(largest, std::abs(value));
  }
  return difference / largest;
}

TEST_F(ScoreWholeFrames, SquareVideosScoreAsTheirCentreAndOthersDoNot) {
  Require(FromShapes("shapes_whole", Whole()));
  Require(FromShapes("shapes_centre"));
  const Scores whole = FirstPart("shapes_whole");
  const Scores centre = FirstPart("shapes_centre");
  EXPECT_NE(whole.settings.find("crops = whole;"), std::string::npos) << whole.settings;
  ASSERT_EQ(whole.clips.size(), centre.clips.size());
  ASSERT_EQ(whole.clips.size(), 12U);
  for (size_t clip = 0; clip < whole.clips.size(); ++clip) {
    EXPECT_EQ(whole.clips[clip].video, centre.clips[clip].video);
    EXPECT_EQ(whole.clips[clip].first_frame, centre.clips[clip].first_frame);
    EXPECT_EQ(whole.clips[clip].crop, 0);
    const uint32_t video = whole.clips[clip].video;
    const bool is_square = video == 1 || video == 5;
    EXPECT_EQ(Difference(whole, clip, centre, clip) < 1e-5, is_square) << clip;
  }
}

// Clips of one size share a batch, and each gets its own place in the file.
TEST_F(ScoreWholeFrames, EachVideoHasTheScoresThatItHasAlone) {
  Require(FromShapes("shapes_together", Whole({"--batch", "3"})));
  const Scores together = FirstPart("shapes_together");
  Require(FromShapes("shapes_apart", Whole({"--videos-per-part", "1", "--batch", "1"})));
  for (size_t video = 0; video < together.videos.size(); ++video) {
    const Scores alone =
        ReadScores(fs::path(At("shapes_apart")) / ScoreFileName(static_cast<int>(video)));
    ASSERT_EQ(alone.clips.size(), 2U);
    for (size_t clip = 0; clip < 2; ++clip) {
      EXPECT_LT(Difference(together, 2 * video + clip, alone, clip), 1e-4) << video;
    }
  }
}

TEST_F(ScoreWholeFrames, ShardsRanksAndFilesGiveTheSameScores) {
  Require(ScoreCommand(Shards(), "whole_shards", Whole()));
  Words ranks = {"mpirun", "--oversubscribe", "-n", "2"};
  const Words command = ScoreCommand(Shards(), "whole_ranks", Whole());
  ranks.insert(ranks.end(), command.begin(), command.end());
  Require(ranks);
  EXPECT_EQ(Parts("whole_ranks"), Parts("whole_shards"));
  Require(
      ScoreCommand(At("videos.tsv"), "whole_files", Whole({"--from-videos", "--height", "48"})));
  const Scores shards = FirstPart("whole_shards");
  const Scores files = FirstPart("whole_files");
  ASSERT_EQ(shards.clips.size(), files.clips.size());
  for (size_t clip = 0; clip < shards.clips.size(); ++clip) {
    EXPECT_LT(Difference(shards, clip, files, clip), 1e-4);
  }
}

TEST_F(ScoreWholeFrames, AVideoThatIsTooLongFailsAlone) {
  WriteSample(At("strip.avi"), Lossless(450, 48), 20, NumberedFrames(450, 48));
  WriteFileAtomically(At("strip.tsv"),
                      ReadFile(At("videos.tsv")) + "strip\tstrip.avi\t\tvalidation\t\t\t\t\t\t\n");
  const auto result = RunCommand(
      ScoreCommand(At("strip.tsv"), "strip",
                   Whole({"--from-videos", "--height", "48", "--max-failed-fraction", "0.2"})));
  ASSERT_EQ(result.exit_status, 0) << result.err;
  const std::string failed = ReadFile(fs::path(At("strip")) / "failed.tsv");
  EXPECT_NE(failed.find("strip\tscore\tframes of 450x48 pixels cannot be scored as a whole"),
            std::string::npos)
      << failed;
  EXPECT_EQ(FirstPart("strip").videos.size(), 3U);
}

TEST_F(ScoreWholeFrames, ANetworkForOneSizeOfFramesIsRefused) {
  Require(Command(0, "c3d",
                  {"--model", "c3d", "--width", "0.02", "--sample-size", "96", "--epochs", "1"}));
  Words command = ScoreCommand(Shards(), "refused", Whole());
  for (std::string& word : command) {
    word = word == At("to_score/checkpoints/latest") ? At("c3d/checkpoints/latest") : word;
  }
  const auto refused = RunCommand(command);
  EXPECT_EQ(refused.exit_status, 2) << refused.err;
  EXPECT_NE(refused.err.find("--crops whole: needs a network that takes frames of any size"),
            std::string::npos)
      << refused.err;
  EXPECT_FALSE(fs::exists(At("refused")));
}

}  // namespace
}  // namespace reel3d::test
