// Tests of evaluate-scores with the folders of score-videos --probe order.
// SPDX-License-Identifier: Apache-2.0
#include "tests/pipeline/small_evaluation.h"

namespace reel3d::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// 30 videos of each of two classes, all right as they are. "rise" falls in every other order.
// "fall" keeps its answers.
class EvaluateProbe : public SmallEvaluation {
 protected:
  EvaluateProbe() {
    options_.clips.min_distinct = 1;
    Scores scores;
    scores.checkpoint = "step-00000010";
    scores.data = "0000abcd";
    scores.subset = "validation";
    scores.settings = "probe = order;";
    scores.num_videos_expected = 60;
    scores.classes = {"rise", "fall"};
    for (uint32_t video = 0; video < 60; ++video) {
      const int label = static_cast<int>(video % 2);
      scores.videos.push_back({"v" + std::to_string(100 + video), label});
      scores.clips.push_back({video, 0, 16});
      scores.logits.insert(scores.logits.end(), {label == 0 ? 2.F : 0.F, label == 0 ? 0.F : 2.F});
    }
    parts_ = {scores};
    for (const char* order : {"shuffled", "reversed", "one-frame"}) {
      Scores changed = scores;
      changed.settings += std::string("shown-frames = ") + order + ";";
      for (size_t video = 0; video < 60; video += 2) {
        std::swap(changed.logits[2 * video], changed.logits[2 * video + 1]);
      }
      Write(std::string("probe/") + order, changed);
    }
  }

  void Write(const std::string& order, const Scores& scores) {
    MakeFolders(folder_ / ("scores/" + order));
    WriteScores(folder_ / ("scores/" + order + "/scores-00000.h5"), scores);
  }
};

TEST_F(EvaluateProbe, SaysWhatEachClassNeeds) {
  const EvaluateScoresReport report = Run();
  EXPECT_THAT(report.table,
              AllOf(HasSubstr("order probe: top-1 of 60 videos, 100.0 % with their frames"),
                    HasSubstr("-50.0 points"), HasSubstr("falls: it needs motion"),
                    HasSubstr("of 2 classes, 1 need order, 1 direction, 1 motion; for 1 one"),
                    HasSubstr("order, direction, motion\n"), HasSubstr("one picture suffices\n")));
  const Json& probe = report.metrics["order_probe"];
  EXPECT_EQ(probe["all"]["shuffled"]["top1"], 0.5);
  EXPECT_EQ(probe["all"]["needs_order"], true);
  EXPECT_EQ(probe["per_class"][0]["needs_motion"], true);
  EXPECT_EQ(probe["per_class"][1]["needs_motion"], false);
  EXPECT_EQ(probe["per_class"][1]["one_picture_suffices"], true);
  EXPECT_EQ(report.metrics["shown_frames"], "as-is");
  const std::string table = Output("probe.tsv");
  EXPECT_THAT(table, AllOf(HasSubstr("\n(all)\t60\t1.000000\t0.500000\t30\t0\t"),
                           HasSubstr("\nrise\t30\t1.000000\t0.000000\t30\t0\t"),
                           HasSubstr("\nfall\t30\t1.000000\t1.000000\t0\t0\t1\t")));
}

TEST_F(EvaluateProbe, EachOrderCanBeEvaluatedByItself) {
  options_.scores_dir = folder_ / "scores/probe/reversed";
  const EvaluateScoresReport report = RunEvaluateScores(options_);
  EXPECT_THAT(report.table, AllOf(HasSubstr("FRAMES REVERSED: a test, not a result"),
                                  Not(HasSubstr("order probe"))));
  EXPECT_EQ(report.metrics["shown_frames"], "reversed");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out/probe.tsv"));
}

TEST_F(EvaluateProbe, WithoutTheProbeAnOlderTableGoesAway) {
  Run();
  EXPECT_TRUE(std::filesystem::exists(folder_ / "out/probe.tsv"));
  parts_[0].settings = "probe = none;";
  EXPECT_THAT(Run().table, Not(HasSubstr("order probe")));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out/probe.tsv"));
}

TEST_F(EvaluateProbe, WithoutLabelsThereIsNothingToJudge) {
  for (ScoredVideo& video : parts_[0].videos) {
    video.label = -1;
  }
  EXPECT_THAT(Run().table, AllOf(HasSubstr("predictions only"), Not(HasSubstr("order probe"))));
}

TEST_F(EvaluateProbe, FoldersThatDoNotBelongTogetherAreRefused) {
  Scores other = parts_[0];
  other.settings += "shown-frames = reversed;";
  other.checkpoint = "step-00000020";
  Write("probe/reversed", other);
  ExpectRefused("reversed was scored with another checkpoint, other data or other settings than");
  other.checkpoint = parts_[0].checkpoint;
  other.settings = "probe = order;seed = 2;shown-frames = reversed;";
  Write("probe/reversed", other);
  ExpectRefused("reversed was scored with another checkpoint, other data or other settings than");
  std::filesystem::remove_all(folder_ / "scores/probe/reversed");
  ExpectRefused("was scored with --probe order: run the same score-videos command again");
}

}  // namespace
}  // namespace reel3d::test
