// Runs score-videos like a user, by several ranks, and with several windows and crops.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "lib/base/file.h"
#include "lib/base/rng.h"
#include "lib/base/timer.h"
#include "lib/eval/score_file.h"
#include "lib/shard/shard_set.h"
#include "lib/train/checkpoint/checkpoint_folder.h"
#include "tests/train/score_tool.h"

namespace reel3d::test {
namespace {

// Score files have the same bytes for any number of ranks, array tasks, and ranks of array tasks.
TEST_F(ScoreTool, ScoresAreTheSameBytesByAnyNumberOfTasksAndRanks) {
  const Words crops = {"--windows", "2", "--crops", "3"};
  ASSERT_EQ(RunCommand(ScoreCommand(Shards(), "alone", crops)).exit_status, 0);
  const auto by_ranks = [&](const char* ranks, const std::string& out, const Words& more) {
    Words words = {"mpirun", "--oversubscribe", "-n", ranks};
    Words all = crops;
    all.insert(all.end(), more.begin(), more.end());
    const Words command = ScoreCommand(Shards(), out, all);
    words.insert(words.end(), command.begin(), command.end());
    return RunCommand(words);
  };
  for (const char* ranks : {"1", "2"}) {
    const std::string out = std::string("ranks_") + ranks;
    const auto result = by_ranks(ranks, out, {"--json"});
    ASSERT_EQ(result.exit_status, 0) << result.err;
    EXPECT_EQ(Parts(out), Parts("alone"));
    EXPECT_TRUE(fs::exists(fs::path(At(out)) / "DONE"));
    const nlohmann::json json = nlohmann::json::parse(result.out);  // rank 0 prints the only report
    EXPECT_EQ(json["videos"], 8);
    EXPECT_EQ(json["clips"], NumClips("alone"));
  }
  for (const char* task : {"1", "0"}) {
    const auto result = by_ranks("2", "tasks_of_ranks", {"--task", task, "--tasks", "2"});
    ASSERT_EQ(result.exit_status, 0) << result.err;
  }
  EXPECT_EQ(Parts("tasks_of_ranks"), Parts("alone"));
  EXPECT_TRUE(fs::exists(fs::path(At("tasks_of_ranks")) / "DONE"));
  for (int task = 6; task >= 0; --task) {
    Words words = crops;
    words.insert(words.end(), {"--task", std::to_string(task), "--tasks", "7"});
    ASSERT_EQ(RunCommand(ScoreCommand(Shards(), "seven", words)).exit_status, 0);
  }
  EXPECT_EQ(Parts("seven"), Parts("alone"));
  // Ranks continue the work of a single process: only missing parts are scored.
  fs::remove(fs::path(At("alone")) / ScoreFileName(1));
  const auto rest = by_ranks("2", "alone", {"--json"});
  ASSERT_EQ(rest.exit_status, 0) << rest.err;
  EXPECT_EQ(nlohmann::json::parse(rest.out)["parts_kept"], 2);
  EXPECT_EQ(Parts("seven"), Parts("alone"));
}

TEST_F(ScoreTool, KilledRanksGoOnAndEndWithTheSameBytes) {
  const Words one_each = {"--videos-per-part", "1", "--crops", "3"};
  ASSERT_EQ(RunCommand(ScoreCommand(Shards(), "whole", one_each)).exit_status, 0);
  Words ranks = {"mpirun", "--oversubscribe", "-n", "2"};
  const Words command = ScoreCommand(Shards(), "killed_ranks", one_each);
  ranks.insert(ranks.end(), command.begin(), command.end());
  const Stopwatch clock;
  ASSERT_EQ(RunCommand(ranks).exit_status, 0);
  KillTimes kills(clock.Seconds());
  fs::remove_all(At("killed_ranks"));
  Rng rng(4);
  for (int round = 0; round < 3 || (round < 12 && kills.num_hit() == 0); ++round) {
    kills.Note(RunAndKill(ranks, At("killed_ranks"), kills.Seconds(rng.Uniform(0.4, 0.9))));
    if (kills.num_hit() == 0) {
      fs::remove_all(At("killed_ranks"));  // a whole run has nothing left to be killed in
    }
  }
  EXPECT_GE(kills.num_hit(), 1) << "the test did not hit";
  const auto last = RunCommand(ranks);
  ASSERT_EQ(last.exit_status, 0) << last.err;
  EXPECT_EQ(Parts("killed_ranks"), Parts("whole"));
  EXPECT_TRUE(fs::exists(fs::path(At("killed_ranks")) / "DONE"));
  ExpectNoTemporaries(At("killed_ranks"));
}

TEST_F(ScoreTool, TooManyFailedVideosEndAllRanksWithOneStatus) {
  const fs::path shards = At("damaged_for_ranks");
  fs::copy(Shards(), shards, fs::copy_options::recursive);
  DamageFrame(shards, Subset::kValidation, 0, 3);
  Words words = {"mpirun", "--oversubscribe", "-n", "2"};
  const Words command = ScoreCommand(shards, "damaged_by_ranks");
  words.insert(words.end(), command.begin(), command.end());
  const auto refused = RunCommand(words);
  EXPECT_EQ(refused.exit_status, 3) << refused.err;
  EXPECT_FALSE(fs::exists(fs::path(At("damaged_by_ranks")) / "DONE"));
}

// The windows are worked out from docs/reference/clips.md, with T = 16 and k = 3.
TEST_F(ScoreTool, WindowsAndCropsOfEachVideo) {
  ASSERT_EQ(
      RunCommand(ScoreCommand(Shards(), "spread", {"--windows", "3", "--crops", "10"})).exit_status,
      0);
  ASSERT_EQ(RunCommand(ScoreCommand(Shards(), "one_crop", {"--windows", "3"})).exit_status, 0);
  const ShardSet shards(Shards());
  std::map<std::string, int> num_frames;
  for (const IndexedVideo& video : shards.videos()) {
    num_frames[video.id] = video.num_frames;
  }
  int num_long = 0;  // videos with three windows
  for (int part = 0; part < 3; ++part) {
    const Scores scores = ReadScores(fs::path(At("spread")) / ScoreFileName(part));
    const Scores centre = ReadScores(fs::path(At("one_crop")) / ScoreFileName(part));
    std::vector<ScoredClip> expected;
    for (uint32_t video = 0; video < scores.videos.size(); ++video) {
      const int count = num_frames.at(scores.videos[video].id);
      const int step = std::max(1, (count - 17 + 1) / 2);  // half of n - 1 - T, rounded up
      int num_windows = 0;
      bool is_looped = false;  // a looped window is a video's last one
      for (int start = 0; num_windows < 3 && !is_looped; start += step, ++num_windows) {
        const int num_distinct = std::min(16, count - start);
        is_looped = num_distinct < 16;
        for (uint8_t crop = 0; crop < 10; ++crop) {
          expected.push_back(
              {video, static_cast<uint32_t>(start), static_cast<uint16_t>(num_distinct), crop});
        }
      }
      num_long += num_windows == 3 ? 1 : 0;
    }
    ASSERT_EQ(scores.clips.size(), expected.size());
    ASSERT_EQ(centre.clips.size() * 10, expected.size());
    for (size_t clip = 0; clip < expected.size(); ++clip) {
      const ScoredClip& found = scores.clips[clip];
      EXPECT_EQ(found.video, expected[clip].video);
      EXPECT_EQ(found.first_frame, expected[clip].first_frame);
      EXPECT_EQ(found.num_distinct, expected[clip].num_distinct);
      EXPECT_EQ(found.crop, expected[clip].crop);
      EXPECT_EQ(centre.clips[clip / 10].first_frame, found.first_frame);
      EXPECT_EQ(centre.clips[clip / 10].crop, 0);
    }
  }
  EXPECT_GT(num_long, 0);
}

TEST_F(ScoreTool, TheCentreOfSeveralCropsIsTheOnlyOne) {
  ASSERT_EQ(RunCommand(ScoreCommand(Shards(), "three", {"--crops", "3"})).exit_status, 0);
  ASSERT_EQ(RunCommand(ScoreCommand(Shards(), "centre")).exit_status, 0);
  const Scores three = ReadScores(fs::path(At("three")) / ScoreFileName(0));
  const Scores centre = ReadScores(fs::path(At("centre")) / ScoreFileName(0));
  const size_t num_classes = centre.classes.size();
  ASSERT_EQ(three.clips.size(), 3 * centre.clips.size());
  bool sides_differ = false;
  for (size_t i = 0; i < centre.logits.size(); ++i) {
    const float* crops = &three.logits[i / num_classes * 3 * num_classes + i % num_classes];
    EXPECT_NEAR(crops[0], centre.logits[i], 1e-4 * std::abs(centre.logits[i]) + 1e-5);
    sides_differ = sides_differ || std::abs(crops[num_classes] - crops[2 * num_classes]) > 1e-3;
  }
  EXPECT_TRUE(sides_differ);
  const auto judged = RunCommand(
      {ToolPath("evaluate-scores").string(), "--json", At("three"), At("three_evaluation")});
  ASSERT_EQ(judged.exit_status, 0) << judged.err;
}

TEST_F(ScoreTool, WindowsAndCropsThatCannotBeAreUsageErrors) {
  for (const Words& words : {Words{"--windows", "3", "--tail", "drop2017"},
                             {"--windows", "3", "--window-stride", "8"},
                             {"--crops", "5"},
                             {"--short-side", "31"}}) {
    const auto refused = RunCommand(ScoreCommand(Shards(), "refused", words));
    EXPECT_EQ(refused.exit_status, 2) << refused.err;
    EXPECT_NE(refused.err.find(words.front()), std::string::npos) << refused.err;
    EXPECT_FALSE(fs::exists(At("refused")));
  }
}

}  // namespace
}  // namespace reel3d::test
