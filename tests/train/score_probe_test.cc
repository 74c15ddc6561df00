// Runs score-videos --probe order like a user: in tasks, killed at any time, and into folders of
// other runs.
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "lib/base/file.h"
#include "lib/base/rng.h"
#include "lib/base/timer.h"
#include "lib/eval/score_file.h"
#include "tests/train/score_tool.h"

namespace reel3d::test {
namespace {

const char* const kOrders[] = {"", "/probe/shuffled", "/probe/reversed", "/probe/one-frame"};

class ScoreProbe : public ScoreTool {
 protected:
  static Words ProbeCommand(const std::string& out, const Words& more = {}) {
    Words words = {"--probe", "order"};
    words.insert(words.end(), more.begin(), more.end());
    return ScoreCommand(Shards(), out, words);
  }
  // Returns the bytes of all score files by folder and name.
  static std::map<std::string, std::map<std::string, std::string>> AllParts(
      const std::string& out) {
    std::map<std::string, std::map<std::string, std::string>> all;
    for (const char* order : kOrders) {
      all[order] = Parts(out + order);
    }
    return all;
  }
  static Scores FirstPart(const std::string& out) {
    return ReadScores(fs::path(At(out)) / ScoreFileName(0));
  }
};

TEST_F(ScoreProbe, EachOrderHasAFolderAndTheLogitsThatItHasAlone) {
  const auto probed = RunCommand(ProbeCommand("probed", {"--json"}));
  ASSERT_EQ(probed.exit_status, 0) << probed.err;
  EXPECT_EQ(nlohmann::json::parse(probed.out)["clips"], NumClips("probed"));
  for (const char* order : kOrders) {
    EXPECT_EQ(Parts(std::string("probed") + order).size(), 3U) << order;
  }
  ASSERT_EQ(RunCommand(ScoreCommand(Shards(), "plain")).exit_status, 0);
  ASSERT_EQ(RunCommand(ScoreCommand(Shards(), "only_shuffled", {"--shuffle-frames"})).exit_status,
            0);
  EXPECT_EQ(FirstPart("probed").logits, FirstPart("plain").logits);
  EXPECT_EQ(FirstPart("probed/probe/shuffled").logits, FirstPart("only_shuffled").logits);
  EXPECT_NE(FirstPart("probed/probe/reversed").logits, FirstPart("plain").logits);
  EXPECT_NE(FirstPart("probed/probe/one-frame").logits, FirstPart("probed/probe/reversed").logits);
}

TEST_F(ScoreProbe, EvaluateScoresAndCompareScoresReadTheFolders) {
  ASSERT_EQ(RunCommand(ProbeCommand("to_judge")).exit_status, 0);
  const auto judged = RunCommand(
      {ToolPath("evaluate-scores").string(), "--json", At("to_judge"), At("judged_probe")});
  ASSERT_EQ(judged.exit_status, 0) << judged.err;
  EXPECT_EQ(nlohmann::json::parse(judged.out)["order_probe"]["all"]["num_videos"], 8);
  const auto compared = RunCommand(
      {ToolPath("compare-scores").string(), At("to_judge"), At("to_judge/probe/reversed")});
  EXPECT_EQ(compared.exit_status, 0) << compared.err;
}

TEST_F(ScoreProbe, KilledTwentyTimesItEndsWithTheSameBytes) {
  const Words one_each = {"--videos-per-part", "1", "--crops", "3"};
  const Stopwatch clock;
  ASSERT_EQ(RunCommand(ProbeCommand("undisturbed_probe", one_each)).exit_status, 0);
  KillTimes kills(clock.Seconds());
  const auto expected = AllParts("undisturbed_probe");
  Rng rng(20);
  for (int round = 0; round < 20; ++round) {
    kills.Note(RunAndKill(ProbeCommand("killed_probe", one_each), At("killed_probe"),
                          kills.Seconds(rng.Uniform(0.3, 1))));
    if (round % 4 == 3) {
      const auto last = RunCommand(ProbeCommand("killed_probe", one_each));
      ASSERT_EQ(last.exit_status, 0) << last.err;
      EXPECT_EQ(AllParts("killed_probe"), expected);
      for (const char* order : kOrders) {
        ExpectNoTemporaries(At(std::string("killed_probe") + order));
      }
      fs::remove_all(At("killed_probe"));
    }
  }
  EXPECT_GE(kills.num_hit(), 5) << "the test did not hit";
}

TEST_F(ScoreProbe, TasksGiveTheSameBytesAndOneMissingFileIsScoredAgain) {
  ASSERT_EQ(RunCommand(ProbeCommand("one_task")).exit_status, 0);
  const auto expected = AllParts("one_task");
  for (const char* task : {"1", "0"}) {
    ASSERT_EQ(RunCommand(ProbeCommand("two_tasks", {"--task", task, "--tasks", "2"})).exit_status,
              0);
  }
  EXPECT_EQ(AllParts("two_tasks"), expected);
  fs::remove(At("one_task/probe/reversed/scores-00001.h5"));
  const auto again = RunCommand(ProbeCommand("one_task", {"--json"}));
  EXPECT_EQ(nlohmann::json::parse(again.out)["parts_kept"], 2) << again.err;
  EXPECT_EQ(AllParts("one_task"), expected);
}

TEST_F(ScoreProbe, ARunWithoutTheProbeRemovesTheFolders) {
  ASSERT_EQ(RunCommand(ProbeCommand("again")).exit_status, 0);
  EXPECT_EQ(RunCommand(ScoreCommand(Shards(), "again")).exit_status, 2);
  ASSERT_EQ(RunCommand(ScoreCommand(Shards(), "again", {"--overwrite"})).exit_status, 0);
  EXPECT_FALSE(fs::exists(At("again/probe")));
  EXPECT_EQ(Parts("again").size(), 3U);
}

// Another run's scores may stand where those of a probe belong.
TEST_F(ScoreProbe, FoldersOfOtherRunsStayAsTheyAre) {
  for (const std::string other : {"/probe/shuffled", "/probe"}) {
    const std::string out = "beside" + std::to_string(other.size());
    ASSERT_EQ(RunCommand(ScoreCommand(Shards(), out + other, {"--shuffle-frames"})).exit_status, 0);
    const auto expected = Parts(out + other);
    const auto probed = RunCommand(ProbeCommand(out));
    EXPECT_EQ(probed.exit_status, 2);
    EXPECT_NE(probed.err.find("which --probe does not write"), std::string::npos) << probed.err;
    EXPECT_FALSE(fs::exists(At(out) + "/settings.ini"));
    EXPECT_EQ(Parts(out + other), expected);
  }
}

TEST_F(ScoreProbe, ARunWithoutAProbeLeavesFoldersOfOtherRunsAlone) {
  ASSERT_EQ(RunCommand(ScoreCommand(Shards(), "around")).exit_status, 0);
  for (const std::string other : {"around/probe/shuffled", "around/shuffled"}) {
    ASSERT_EQ(RunCommand(ScoreCommand(Shards(), other, {"--shuffle-frames"})).exit_status, 0);
    const auto expected = Parts(other);
    ASSERT_EQ(RunCommand(ScoreCommand(Shards(), "around")).exit_status, 0);
    EXPECT_EQ(Parts(other), expected);
    EXPECT_TRUE(fs::exists(At(other + "/DONE")));
  }
}

TEST_F(ScoreProbe, PartsOfShuffledFramesAreMarked) {
  ASSERT_EQ(RunCommand(ScoreCommand(Shards(), "marked", {"--shuffle-frames"})).exit_status, 0);
  EXPECT_NE(FirstPart("marked").settings.find("shown-frames = shuffled;"), std::string::npos);
}

TEST_F(ScoreProbe, ADamagedVideoHasNoClipsInAnyOrder) {
  const fs::path shards = At("damaged_for_probe");
  fs::copy(Shards(), shards, fs::copy_options::recursive);
  DamageFrame(shards, Subset::kValidation, 0, 3);
  const auto result = RunCommand(ScoreCommand(
      shards, "damaged_probe", {"--probe", "order", "--max-failed-fraction", "0.2", "--json"}));
  ASSERT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(nlohmann::json::parse(result.out)["num_failed"], 1);
  const Scores as_is = FirstPart("damaged_probe");
  for (const char* order : {"/probe/shuffled", "/probe/reversed", "/probe/one-frame"}) {
    const Scores scores = FirstPart(std::string("damaged_probe") + order);
    ASSERT_EQ(scores.clips.size(), as_is.clips.size()) << order;
    EXPECT_NE(scores.clips.front().video, 0U) << order;
  }
}

TEST_F(ScoreProbe, TheProbeShufflesByItself) {
  const auto refused = RunCommand(ProbeCommand("both", {"--shuffle-frames"}));
  EXPECT_EQ(refused.exit_status, 2);
  EXPECT_NE(refused.err.find("--probe order"), std::string::npos) << refused.err;
}

}  // namespace
}  // namespace reel3d::test
