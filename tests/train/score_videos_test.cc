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
#include "lib/data/passport.h"
#include "lib/eval/score_file.h"
#include "lib/shard/shard_set.h"
#include "lib/train/checkpoint/checkpoint_folder.h"
#include "tests/train/score_tool.h"

namespace reel3d::test {
namespace {

TEST_F(ScoreTool, KilledAnywhereItEndsWithTheSameBytes) {
  const Stopwatch clock;
  ASSERT_EQ(RunCommand(ScoreCommand(Shards(), "undisturbed")).exit_status, 0);
  KillTimes kills(clock.Seconds());
  Rng rng(3);
  for (int round = 0; round < 8; ++round) {
    kills.Note(RunAndKill(ScoreCommand(Shards(), "killed"), At("killed"),
                          kills.Seconds(rng.Uniform(0.1, 1))));
    if (round % 4 == 3) {
      const auto last = RunCommand(ScoreCommand(Shards(), "killed"));
      ASSERT_EQ(last.exit_status, 0) << last.err;
      EXPECT_EQ(Parts("killed"), Parts("undisturbed"));
      ExpectNoTemporaries(At("killed"));
      fs::remove_all(At("killed"));
    }
  }
  EXPECT_GE(kills.num_hit(), 2) << "the test did not hit";
}

// A damaged frame costs only its video, which is named; the others are scored as before.
TEST_F(ScoreTool, ADamagedFrameCostsItsVideo) {
  const fs::path shards = At("damaged_shards");
  fs::copy(Shards(), shards, fs::copy_options::recursive);
  const std::string victim = DamageFrame(shards, Subset::kValidation, 0, 3);

  ASSERT_EQ(RunCommand(ScoreCommand(Shards(), "sound")).exit_status, 0);
  const auto refused = RunCommand(ScoreCommand(shards, "damaged_scores"));
  EXPECT_EQ(refused.exit_status, 3) << refused.err;
  EXPECT_FALSE(fs::exists(fs::path(At("damaged_scores")) / "DONE"));
  const auto tolerated =
      RunCommand(ScoreCommand(shards, "damaged_scores", {"--max-failed-fraction", "0.2"}));
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

// Each copy has the number of videos and clips that its place needs, but holds another part.
TEST_F(ScoreTool, ACopiedPartIsScoredAgain) {
  ASSERT_EQ(RunCommand(ScoreCommand(Shards(), "copied")).exit_status, 0);
  const std::map<std::string, std::string> sound = Parts("copied");
  fs::copy_file(At("copied/scores-00000.h5"), At("copied/scores-00001.h5"),
                fs::copy_options::overwrite_existing);
  const Words evaluate = {ToolPath("evaluate-scores").string(), At("copied"), At("of_copied")};
  const auto refused = RunCommand(evaluate);
  EXPECT_EQ(refused.exit_status, 3);
  EXPECT_NE(refused.err.find("both hold part 0: run the same score-videos command again"),
            std::string::npos)
      << refused.err;
  const auto mended = RunCommand(ScoreCommand(Shards(), "copied", {"--json"}));
  ASSERT_EQ(mended.exit_status, 0) << mended.err;
  EXPECT_EQ(nlohmann::json::parse(mended.out)["parts_kept"], 2);
  EXPECT_NE(mended.err.find("scores-00001.h5 holds another part"), std::string::npos) << mended.err;
  EXPECT_EQ(Parts("copied"), sound);
  EXPECT_EQ(RunCommand(evaluate).exit_status, 0);
}

// Whoever could write files in this format could give a video another name or label.
TEST_F(ScoreTool, APartWithOtherVideosOrClassesIsScoredAgain) {
  ASSERT_EQ(RunCommand(ScoreCommand(Shards(), "renamed")).exit_status, 0);
  const std::map<std::string, std::string> sound = Parts("renamed");
  const fs::path file = At("renamed/scores-00000.h5");
  const auto expect = [&](void (*spoil)(Scores*)) {
    Scores part = ReadScores(file);
    spoil(&part);
    WriteScores(file, part);
    ASSERT_NE(Parts("renamed"), sound);
    EXPECT_EQ(RunCommand(ScoreCommand(Shards(), "renamed")).exit_status, 0);
    EXPECT_EQ(Parts("renamed"), sound);
  };
  expect([](Scores* part) { part->videos[0].id = "another"; });
  expect([](Scores* part) { part->videos[0].label ^= 1; });
  expect([](Scores* part) { std::swap(part->classes[0], part->classes[1]); });
  expect([](Scores* part) { part->subset = "testing"; });
}

TEST_F(ScoreTool, ScoresOfAnotherCheckpointAreReplacedWithAWarning) {
  ASSERT_EQ(RunCommand(ScoreCommand(Shards(), "trained_on")).exit_status, 0);
  const std::map<std::string, std::string> sound = Parts("trained_on");
  for (const auto& [name, bytes] : sound) {
    Scores part = ReadScores(At("trained_on/" + name));
    part.checkpoint = "step-00000001 (1234abcd)";
    WriteScores(At("trained_on/" + name), part);
  }
  const auto again = RunCommand(ScoreCommand(Shards(), "trained_on"));
  ASSERT_EQ(again.exit_status, 0) << again.err;
  const std::string warning = "these scores are of step-00000001 (1234abcd)";
  const size_t at = again.err.find(warning);
  EXPECT_NE(at, std::string::npos) << again.err;
  EXPECT_EQ(again.err.find(warning, at + 1), std::string::npos) << "one warning is enough";
  EXPECT_EQ(Parts("trained_on"), sound);
}

TEST_F(ScoreTool, PartsOfAnEarlierPlanGoAway) {
  ASSERT_EQ(RunCommand(ScoreCommand(Shards(), "plan", {"--videos-per-part", "1"})).exit_status, 0);
  EXPECT_EQ(Parts("plan").size(), 8U);
  EXPECT_EQ(RunCommand(ScoreCommand(Shards(), "plan")).exit_status, 2);
  ASSERT_EQ(RunCommand(ScoreCommand(Shards(), "plan", {"--overwrite"})).exit_status, 0);
  EXPECT_EQ(Parts("plan").size(), 3U);
}

// The checkpoint was trained on shards without the class "later".
TEST_F(ScoreTool, BothPassportsGoWithTheScoresAndTheEvaluation) {
  const fs::path trained_on = fs::path(Shards()) / Passport::kFileName;
  const fs::path scored = At("more_shards");
  fs::copy(Shards(), scored, fs::copy_options::recursive);
  Passport passport = ReadPassport(trained_on).value();
  passport.counts[{Subset::kTesting, "later"}].expected = 3;
  WritePassport(scored / Passport::kFileName, passport);
  ASSERT_EQ(RunCommand(ScoreCommand(scored, "passports")).exit_status, 0);
  const auto evaluated =
      RunCommand({ToolPath("evaluate-scores").string(), At("passports"), At("evaluated")});
  ASSERT_EQ(evaluated.exit_status, 0) << evaluated.err;
  for (const char* folder : {"passports", "evaluated"}) {
    const fs::path of = At(folder);
    EXPECT_EQ(ReadFile(of / Passport::kFileName), FormatPassport(passport)) << folder;
    EXPECT_EQ(ReadFile(of / Passport::kTrainedOn), ReadFile(trained_on)) << folder;
  }
  const auto compared = RunCommand(
      {ToolPath("inspect-file").string(), At("to_score/checkpoints/latest"), At("evaluated")});
  EXPECT_NE(compared.out.find("testing: later: expected"), std::string::npos) << compared.out;
}

TEST_F(ScoreTool, InspectFileShowsTheCheckpoint) {
  const std::string tool = ToolPath("inspect-file").string();
  const std::string checkpoint = At("to_score/checkpoints/latest");
  const auto text = RunCommand({tool, checkpoint});
  ASSERT_EQ(text.exit_status, 0) << text.err;
  EXPECT_NE(text.out.find("conv1.weight"), std::string::npos) << text.out;
  const auto json = RunCommand({tool, "--json", checkpoint + "/model.safetensors"});
  ASSERT_EQ(json.exit_status, 0) << json.err;
  const nlohmann::json rows = nlohmann::json::parse(json.out)["rows"];
  const auto conv1 = std::find_if(rows.begin(), rows.end(), [](const nlohmann::json& row) {
    return row["tensor"] == "conv1.weight";
  });
  ASSERT_NE(conv1, rows.end());
  EXPECT_EQ((*conv1)["shape"], "8 x 3 x 7 x 7 x 7");  // 8 channels are an eighth of 64
  const fs::path copy = At("deep");
  fs::copy(fs::canonical(checkpoint), copy, fs::copy_options::recursive);
  for (const std::string& state :
       {R"({"format":1})" + std::string(), "{\"x\":" + std::string(300'000, '[')}) {
    WriteFileAtomically(copy / "state.json", state);
    const auto refused = RunCommand({tool, copy.string()});
    EXPECT_EQ(refused.exit_status, 3) << refused.err;
  }
}

TEST_F(ScoreTool, ScoresAreTheSameBytesByAnyNumberOfTasks) {
  const auto score = [&](const std::string& out, const Words& more) {
    return RunCommand(ScoreCommand(Shards(), out, more));
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
  ASSERT_EQ(RunCommand(ScoreCommand(Shards(), "old_scores")).exit_status, 0);
  Forget({"tail"}, At("old_scores"));
  const auto refused = RunCommand(ScoreCommand(Shards(), "old_scores", {"--tail", "drop2017"}));
  EXPECT_EQ(refused.exit_status, 2);
  EXPECT_NE(refused.err.find("'tail = loop' there by default, 'tail = drop2017' now"),
            std::string::npos)
      << refused.err;
  const auto resumed = RunCommand(ScoreCommand(Shards(), "old_scores"));
  EXPECT_EQ(resumed.exit_status, 0) << resumed.err;
}

// An empty settings.ini means lost settings, not those of an older version.
TEST_F(ScoreTool, ScoresWhoseSettingsAreLostAreNotMadeAgainUnasked) {
  ASSERT_EQ(RunCommand(ScoreCommand(Shards(), "emptied")).exit_status, 0);
  const fs::path settings = fs::path(At("emptied")) / "settings.ini";
  const std::string whole = ReadFile(settings);
  WriteFileAtomically(settings, "");
  const auto refused = RunCommand(ScoreCommand(Shards(), "emptied"));
  EXPECT_EQ(refused.exit_status, 3);
  EXPECT_NE(refused.err.find("settings.ini was cut or changed after it was written"),
            std::string::npos)
      << refused.err;
  EXPECT_TRUE(fs::exists(fs::path(At("emptied")) / "DONE"));
  WriteFileAtomically(settings, whole);
  const auto resumed = RunCommand(ScoreCommand(Shards(), "emptied", {"--json"}));
  EXPECT_EQ(nlohmann::json::parse(resumed.out)["parts_kept"], 3) << resumed.err;
}

TEST_F(ScoreTool, TrainingThatBeganBeforeAnOptionExistedGoesOn) {
  ASSERT_EQ(RunCommand(Command(0, "old_run", {"--stop-after-steps", "1"})).exit_status, 75);
  Forget({"stem-channels", "shortcut-gradient"}, At("old_run"));
  const auto refused = RunCommand(Command(0, "old_run", {"--shortcut-gradient", "cut"}));
  EXPECT_EQ(refused.exit_status, 2);
  EXPECT_NE(refused.err.find("('shortcut-gradient = flow' there by default, "
                             "'shortcut-gradient = cut' now)"),
            std::string::npos)
      << refused.err;
  const auto resumed = RunCommand(Command(0, "old_run"));
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
      RunCommand({ToolPath("score-videos").string(), At("to_score/checkpoints/latest"),
                  other.string(), At("other_scores")});
  EXPECT_EQ(result.exit_status, 3);
  EXPECT_NE(result.err.find("the checkpoint knows 8 classes and"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace reel3d::test
