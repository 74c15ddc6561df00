// Runs score-videos like a user, on a checkpoint of train-r3d: with any number of tasks, killed at
// any time, with damaged frames.
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
#include "tests/train/train_tool.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using test::ExpectNoTemporaries;
using test::TrainTool;
using test::Words;

class ScoreTool : public TrainTool {
 protected:
  static void SetUpTestSuite() {
    TrainTool::SetUpTestSuite();
    ASSERT_EQ(test::RunCommand(Command(0, "to_score", {"--epochs", "1"})).exit_status, 0);
  }

  // Scores `shards` into `out`.
  static Words ScoreCommand(const std::string& shards, const std::string& out,
                            const Words& more = {}) {
    Words words = {test::ToolPath("score-videos").string(), "--videos-per-part", "3", "--threads",
                   "1"};
    words.insert(words.end(), more.begin(), more.end());
    for (const std::string& word : {At("to_score/checkpoints/latest"), shards, At(out)}) {
      words.push_back(word);
    }
    return words;
  }

  static std::map<std::string, std::string> Parts(const std::string& out) {
    std::map<std::string, std::string> parts;
    for (const auto& entry : fs::directory_iterator(At(out))) {
      if (entry.path().extension() == ".h5") {
        parts[entry.path().filename().string()] = ReadFile(entry.path());
      }
    }
    return parts;
  }

  // Returns the number of clips in all parts.
  static size_t NumClips(const std::string& out) {
    size_t num_clips = 0;
    for (const auto& [name, bytes] : Parts(out)) {
      num_clips += ReadScores(fs::path(At(out)) / name).clips.size();
    }
    return num_clips;
  }
};

TEST_F(ScoreTool, KilledAnywhereItEndsWithTheSameBytes) {
  const Stopwatch clock;
  ASSERT_EQ(test::RunCommand(ScoreCommand(Shards(), "undisturbed")).exit_status, 0);
  const double whole_s = clock.Seconds();
  Rng rng(3);
  int num_hit = 0;
  for (int round = 0; round < 8; ++round) {
    num_hit += test::RunAndKill(ScoreCommand(Shards(), "killed"), At("killed"),
                                rng.Uniform(0.1, 1) * whole_s)
                   ? 1
                   : 0;
    if (round % 4 == 3) {
      const auto last = test::RunCommand(ScoreCommand(Shards(), "killed"));
      ASSERT_EQ(last.exit_status, 0) << last.err;
      EXPECT_EQ(Parts("killed"), Parts("undisturbed"));
      ExpectNoTemporaries(At("killed"));
      fs::remove_all(At("killed"));
    }
  }
  EXPECT_GE(num_hit, 2) << "the test did not hit";
}

// A damaged frame costs only its video, which is named; the others are scored as before.
TEST_F(ScoreTool, ADamagedFrameCostsItsVideo) {
  const fs::path shards = At("damaged_shards");
  fs::copy(Shards(), shards, fs::copy_options::recursive);
  const std::string victim = test::DamageFrame(shards, Subset::kValidation, 0, 3);

  ASSERT_EQ(test::RunCommand(ScoreCommand(Shards(), "sound")).exit_status, 0);
  const auto refused = test::RunCommand(ScoreCommand(shards, "damaged_scores"));
  EXPECT_EQ(refused.exit_status, 3) << refused.err;
  EXPECT_FALSE(fs::exists(fs::path(At("damaged_scores")) / "DONE"));
  const auto tolerated =
      test::RunCommand(ScoreCommand(shards, "damaged_scores", {"--max-failed-fraction", "0.2"}));
  EXPECT_EQ(tolerated.exit_status, 0) << tolerated.err;
  const std::string failed = ReadFile(fs::path(At("damaged_scores")) / "failed.tsv");
  EXPECT_NE(failed.find(victim + "\tscore\t"), std::string::npos) << failed;
  EXPECT_NE(failed.find("frame 3"), std::string::npos) << failed;
  const Scores sound = ReadScores(fs::path(At("sound")) / "scores-00000.h5");
  const Scores damaged = ReadScores(fs::path(At("damaged_scores")) / "scores-00000.h5");
  const size_t num_classes = sound.classes.size();
  size_t found = 0;
  for (size_t clip = 0; clip < sound.clips.size(); ++clip) {
    if (sound.videos[sound.clips[clip].video].id == victim) {
      continue;
    }
    ASSERT_LT(found, damaged.clips.size());
    EXPECT_EQ(damaged.clips[found].video, sound.clips[clip].video);
    EXPECT_TRUE(std::equal(&sound.logits[clip * num_classes],
                           &sound.logits[clip * num_classes] + num_classes,
                           &damaged.logits[found * num_classes]));
    ++found;
  }
  EXPECT_EQ(found, damaged.clips.size());
}

TEST_F(ScoreTool, PartsOfAnEarlierPlanGoAway) {
  ASSERT_EQ(
      test::RunCommand(ScoreCommand(Shards(), "plan", {"--videos-per-part", "1"})).exit_status, 0);
  EXPECT_EQ(Parts("plan").size(), 8U);
  EXPECT_EQ(test::RunCommand(ScoreCommand(Shards(), "plan")).exit_status, 2);
  ASSERT_EQ(test::RunCommand(ScoreCommand(Shards(), "plan", {"--overwrite"})).exit_status, 0);
  EXPECT_EQ(Parts("plan").size(), 3U);
}

TEST_F(ScoreTool, InspectFileShowsTheCheckpoint) {
  const std::string tool = test::ToolPath("inspect-file").string();
  const std::string checkpoint = At("to_score/checkpoints/latest");
  const auto text = test::RunCommand({tool, checkpoint});
  ASSERT_EQ(text.exit_status, 0) << text.err;
  EXPECT_NE(text.out.find("conv1.weight"), std::string::npos) << text.out;
  const auto json = test::RunCommand({tool, "--json", checkpoint + "/model.safetensors"});
  ASSERT_EQ(json.exit_status, 0) << json.err;
  const nlohmann::json rows = nlohmann::json::parse(json.out)["rows"];
  const auto conv1 = std::find_if(rows.begin(), rows.end(), [](const nlohmann::json& row) {
    return row["tensor"] == "conv1.weight";
  });
  ASSERT_NE(conv1, rows.end());
  EXPECT_EQ((*conv1)["shape"], "8 x 3 x 7 x 7 x 7");  // an eighth of 64 channels
  const fs::path copy = At("deep");
  fs::copy(fs::canonical(checkpoint), copy, fs::copy_options::recursive);
  for (const std::string& state :
       {R"({"format":1})" + std::string(), "{\"x\":" + std::string(300'000, '[')}) {
    WriteFileAtomically(copy / "state.json", state);
    const auto refused = test::RunCommand({tool, copy.string()});
    EXPECT_EQ(refused.exit_status, 3) << refused.err;
  }
}

TEST_F(ScoreTool, ScoresAreTheSameBytesByAnyNumberOfTasks) {
  const auto score = [&](const std::string& out, const Words& more) {
    return test::RunCommand(ScoreCommand(Shards(), out, more));
  };
  ASSERT_EQ(score("scores_one", {}).exit_status, 0);
  for (const char* task : {"1", "0"}) {
    const auto result = score("scores_two", {"--task", task, "--tasks", "2"});
    ASSERT_EQ(result.exit_status, 0) << result.err;
  }
  EXPECT_EQ(Parts("scores_one").size(), 3U);  // 8 videos
  EXPECT_EQ(Parts("scores_one"), Parts("scores_two"));
  EXPECT_TRUE(fs::exists(fs::path(At("scores_two")) / "DONE"));
  const auto again = score("scores_one", {"--json"});
  EXPECT_EQ(nlohmann::json::parse(again.out)["parts_kept"], 3);
  EXPECT_EQ(score("scores_one", {"--tail", "drop2017"}).exit_status, 2);
}

// The same holds for ranks, and for ranks of array tasks.
TEST_F(ScoreTool, ScoresAreTheSameBytesByAnyNumberOfTasksAndRanks) {
  const Words crops = {"--windows", "2", "--crops", "3"};
  ASSERT_EQ(test::RunCommand(ScoreCommand(Shards(), "alone", crops)).exit_status, 0);
  const auto by_ranks = [&](const char* ranks, const std::string& out, const Words& more) {
    Words words = {"mpirun", "--oversubscribe", "-n", ranks};
    Words all = crops;
    all.insert(all.end(), more.begin(), more.end());
    const Words command = ScoreCommand(Shards(), out, all);
    words.insert(words.end(), command.begin(), command.end());
    return test::RunCommand(words);
  };
  for (const char* ranks : {"1", "2"}) {
    const std::string out = std::string("ranks_") + ranks;
    const auto result = by_ranks(ranks, out, {"--json"});
    ASSERT_EQ(result.exit_status, 0) << result.err;
    EXPECT_EQ(Parts(out), Parts("alone"));
    EXPECT_TRUE(fs::exists(fs::path(At(out)) / "DONE"));
    const nlohmann::json json = nlohmann::json::parse(result.out);  // one rank speaks for all
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
    ASSERT_EQ(test::RunCommand(ScoreCommand(Shards(), "seven", words)).exit_status, 0);
  }
  EXPECT_EQ(Parts("seven"), Parts("alone"));
  // Ranks go on where something else ended: only what is missing is scored.
  fs::remove(fs::path(At("alone")) / ScoreFileName(1));
  const auto rest = by_ranks("2", "alone", {"--json"});
  ASSERT_EQ(rest.exit_status, 0) << rest.err;
  EXPECT_EQ(nlohmann::json::parse(rest.out)["parts_kept"], 2);
  EXPECT_EQ(Parts("seven"), Parts("alone"));
}

TEST_F(ScoreTool, KilledRanksGoOnAndEndWithTheSameBytes) {
  const Words one_each = {"--videos-per-part", "1", "--crops", "3"};
  ASSERT_EQ(test::RunCommand(ScoreCommand(Shards(), "whole", one_each)).exit_status, 0);
  Words ranks = {"mpirun", "--oversubscribe", "-n", "2"};
  const Words command = ScoreCommand(Shards(), "killed_ranks", one_each);
  ranks.insert(ranks.end(), command.begin(), command.end());
  const Stopwatch clock;
  ASSERT_EQ(test::RunCommand(ranks).exit_status, 0);
  const double whole_s = clock.Seconds();
  fs::remove_all(At("killed_ranks"));
  Rng rng(4);
  int num_hit = 0;
  for (int round = 0; round < 3; ++round) {
    num_hit += test::RunAndKill(ranks, At("killed_ranks"), rng.Uniform(0.4, 0.9) * whole_s) ? 1 : 0;
  }
  EXPECT_GE(num_hit, 1) << "the test did not hit";
  const auto last = test::RunCommand(ranks);
  ASSERT_EQ(last.exit_status, 0) << last.err;
  EXPECT_EQ(Parts("killed_ranks"), Parts("whole"));
  EXPECT_TRUE(fs::exists(fs::path(At("killed_ranks")) / "DONE"));
  ExpectNoTemporaries(At("killed_ranks"));
}

TEST_F(ScoreTool, TooManyFailedVideosEndAllRanksWithOneStatus) {
  const fs::path shards = At("damaged_for_ranks");
  fs::copy(Shards(), shards, fs::copy_options::recursive);
  test::DamageFrame(shards, Subset::kValidation, 0, 3);
  Words words = {"mpirun", "--oversubscribe", "-n", "2"};
  const Words command = ScoreCommand(shards, "damaged_by_ranks");
  words.insert(words.end(), command.begin(), command.end());
  const auto refused = test::RunCommand(words);
  EXPECT_EQ(refused.exit_status, 3) << refused.err;
  EXPECT_FALSE(fs::exists(fs::path(At("damaged_by_ranks")) / "DONE"));
}

// The windows are worked out from docs/reference/clips.md, with T = 16 and k = 3.
TEST_F(ScoreTool, WindowsAndCropsOfEachVideo) {
  ASSERT_EQ(test::RunCommand(ScoreCommand(Shards(), "spread", {"--windows", "3", "--crops", "10"}))
                .exit_status,
            0);
  ASSERT_EQ(test::RunCommand(ScoreCommand(Shards(), "one_crop", {"--windows", "3"})).exit_status,
            0);
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
  ASSERT_EQ(test::RunCommand(ScoreCommand(Shards(), "three", {"--crops", "3"})).exit_status, 0);
  ASSERT_EQ(test::RunCommand(ScoreCommand(Shards(), "centre")).exit_status, 0);
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
  const auto judged = test::RunCommand(
      {test::ToolPath("evaluate-scores").string(), "--json", At("three"), At("three_evaluation")});
  ASSERT_EQ(judged.exit_status, 0) << judged.err;
}

TEST_F(ScoreTool, WindowsAndCropsThatCannotBeAreUsageErrors) {
  for (const Words& words : {Words{"--windows", "3", "--tail", "drop2017"},
                             {"--windows", "3", "--window-stride", "8"},
                             {"--crops", "5"},
                             {"--short-side", "31"}}) {
    const auto refused = test::RunCommand(ScoreCommand(Shards(), "refused", words));
    EXPECT_EQ(refused.exit_status, 2) << refused.err;
    EXPECT_NE(refused.err.find(words.front()), std::string::npos) << refused.err;
    EXPECT_FALSE(fs::exists(At("refused")));
  }
}

// Returns `text` without the lines of these options, and without the number of settings, which
// older versions did not state.
std::string Without(const Words& options, const std::string& text) {
  std::istringstream lines(text);
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    if (line.find(" settings decide ") == std::string::npos &&
        std::find(options.begin(), options.end(), line.substr(0, line.find(' '))) ==
            options.end()) {
      kept += line + "\n";
    }
  }
  EXPECT_NE(kept, text);
  return kept;
}

// Removes the lines of these options, as if the folder were older than they are.
void Forget(const Words& options, const fs::path& folder) {
  for (const char* name : {"settings.ini", "config.ini"}) {
    WriteFileAtomically(folder / name, Without(options, ReadFile(folder / name)));
  }
  const fs::path checkpoint = folder / "checkpoints" / "latest";
  if (fs::exists(checkpoint)) {
    nlohmann::ordered_json state = ReadCheckpointState(checkpoint);
    state["config"] = Without(options, state.at("config"));
    FinishCheckpoint(checkpoint, state.at("step"), state);
  }
}

TEST_F(ScoreTool, ScoringThatBeganBeforeAnOptionExistedGoesOn) {
  ASSERT_EQ(test::RunCommand(ScoreCommand(Shards(), "old_scores")).exit_status, 0);
  Forget({"tail"}, At("old_scores"));
  const auto refused =
      test::RunCommand(ScoreCommand(Shards(), "old_scores", {"--tail", "drop2017"}));
  EXPECT_EQ(refused.exit_status, 2);
  EXPECT_NE(refused.err.find("'tail = loop' there by default, 'tail = drop2017' now"),
            std::string::npos)
      << refused.err;
  const auto resumed = test::RunCommand(ScoreCommand(Shards(), "old_scores"));
  EXPECT_EQ(resumed.exit_status, 0) << resumed.err;
}

// An emptied settings.ini is not one of a version without options.
TEST_F(ScoreTool, ScoresWhoseSettingsAreLostAreNotMadeAgainUnasked) {
  ASSERT_EQ(test::RunCommand(ScoreCommand(Shards(), "emptied")).exit_status, 0);
  const fs::path settings = fs::path(At("emptied")) / "settings.ini";
  const std::string whole = ReadFile(settings);
  WriteFileAtomically(settings, "");
  const auto refused = test::RunCommand(ScoreCommand(Shards(), "emptied"));
  EXPECT_EQ(refused.exit_status, 3);
  EXPECT_NE(refused.err.find("settings.ini was cut or changed after it was written"),
            std::string::npos)
      << refused.err;
  EXPECT_TRUE(fs::exists(fs::path(At("emptied")) / "DONE"));
  WriteFileAtomically(settings, whole);
  const auto resumed = test::RunCommand(ScoreCommand(Shards(), "emptied", {"--json"}));
  EXPECT_EQ(nlohmann::json::parse(resumed.out)["parts_kept"], 3) << resumed.err;
}

TEST_F(ScoreTool, TrainingThatBeganBeforeAnOptionExistedGoesOn) {
  ASSERT_EQ(test::RunCommand(Command(0, "old_run", {"--stop-after-steps", "1"})).exit_status, 75);
  Forget({"stem-channels", "shortcut-gradient"}, At("old_run"));
  const auto refused = test::RunCommand(Command(0, "old_run", {"--shortcut-gradient", "cut"}));
  EXPECT_EQ(refused.exit_status, 2);
  EXPECT_NE(refused.err.find("('shortcut-gradient = flow' there by default, "
                             "'shortcut-gradient = cut' now)"),
            std::string::npos)
      << refused.err;
  const auto resumed = test::RunCommand(Command(0, "old_run"));
  EXPECT_EQ(resumed.exit_status, 0) << resumed.err;
  EXPECT_NE(resumed.err.find("going on from step 1"), std::string::npos) << resumed.err;
}

TEST_F(ScoreTool, ClassesOfAnotherDataSetAreRefused) {
  const fs::path other = At("other_shards");
  fs::copy(Shards(), other, fs::copy_options::recursive);
  std::string classes = ReadFile(other / "classes.txt");
  WriteFileAtomically(other / "classes.txt", classes + "one_more\n");
  WriteFileAtomically(other / "DONE", "");  // as older versions left it, without checksums
  const auto result =
      test::RunCommand({test::ToolPath("score-videos").string(), At("to_score/checkpoints/latest"),
                        other.string(), At("other_scores")});
  EXPECT_EQ(result.exit_status, 3);
  EXPECT_NE(result.err.find("the checkpoint knows 8 classes and"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace reel3d
