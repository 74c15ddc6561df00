// Tests run folders that lose files before or during training. Results of long work are never lost
// without a message, and the message states what to do.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "lib/base/error.h"
#include "tests/train/interrupted_run.h"

namespace reel3d::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class DamagedRun : public InterruptedRun {
 protected:
  static fs::path In(const std::string& run_dir, const std::string& name) {
    return fs::path(At(run_dir)) / name;
  }

  static void Train(const std::string& run_dir, const Words& more, int exit_status = 0) {
    const CommandResult result = RunCommand(Command(0, run_dir, more));
    ASSERT_EQ(result.exit_status, exit_status) << result.err;
  }

  // Expects that training with `more` is refused, changes nothing, and says `message`.
  static void ExpectRefused(const std::string& run_dir, const Words& more, int exit_status,
                            const std::string& message) {
    const std::set<fs::path> before = Listing(run_dir);
    const CommandResult result = RunCommand(Command(0, run_dir, more));
    EXPECT_EQ(result.exit_status, exit_status) << result.err;
    EXPECT_THAT(result.err, HasSubstr(message));
    EXPECT_EQ(Listing(run_dir), before);
  }

  static std::set<fs::path> Listing(const std::string& folder) {
    std::set<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(At(folder))) {
      files.insert(entry.path());
    }
    return files;
  }

  // Starts a long run, calls `mischief` after its first checkpoint, and returns the run's result.
  static CommandResult RunWith(const std::function<void()>& mischief, const std::string& run_dir,
                               const Words& more) {
    auto job =
        std::async(std::launch::async, [&] { return RunCommand(Command(0, run_dir, more)); });
    EXPECT_TRUE(WaitUntil([&] { return fs::exists(In(run_dir, "checkpoints/latest/DONE")); }));
    mischief();
    return job.get();
  }
};

// The checkpoint also holds the settings, even if settings.ini and config.ini are lost.
TEST_F(DamagedRun, SettingsThatAreLostAreNotDefaults) {
  Train("lost_lines", {"--lr", "0.03", "--stop-after-steps", "2"}, kExitStoppedEarly);
  const std::string settings = ReadFile(In("lost_lines", "settings.ini"));
  const std::string config = ReadFile(In("lost_lines", "config.ini"));
  const Words other = {"--lr", "0.1"};
  for (const std::string& kept : {std::string(), settings.substr(0, settings.size() / 2)}) {
    WriteFileAtomically(In("lost_lines", "settings.ini"), kept);
    ExpectRefused("lost_lines", {"--lr", "0.03"}, kExitInput, "settings.ini was cut or changed");
    ExpectRefused("lost_lines", other, kExitUsage, "'lr = 0.03' there, 'lr = 0.1' now");
  }
  const size_t last_line = settings.rfind('\n', settings.size() - 2) + 1;
  WriteFileAtomically(In("lost_lines", "settings.ini"), settings.substr(last_line));
  WriteFileAtomically(In("lost_lines", "config.ini"), "");
  ExpectRefused("lost_lines", other, kExitUsage, "'lr = 0.03' there, 'lr = 0.1' now");
  WriteFileAtomically(In("lost_lines", "settings.ini"), settings);
  WriteFileAtomically(In("lost_lines", "config.ini"), config);
  Train("lost_lines", {"--lr", "0.03"});
}

TEST_F(DamagedRun, AFolderInPlaceOfTheCurvesIsRefusedBeforeTheRun) {
  Train("folder", {"--stop-after-steps", "2"}, kExitStoppedEarly);
  for (const char* name : {"metrics.jsonl", "times.jsonl"}) {
    fs::remove(In("folder", name));
    fs::create_directories(In("folder", name));
    for (const Words& more : {Words(), Words{"--overwrite"}}) {
      ExpectRefused("folder", more, kExitInput, std::string(name) + " is a folder");
    }
    fs::remove(In("folder", name));
  }
  Train("folder", {});
}

TEST_F(DamagedRun, LostCurvesAreSaidAndPutBackFromCheckpoints) {
  const Words all = {"--epochs", "4", "--keep-last", "2", "--tensorboard-every", "1"};
  Words three = all;
  three[1] = "3";
  Train("whole_curves", all);
  Train("lost_curves", three);
  const std::string run = At("lost_curves");
  const std::string metrics = ReadFile(In("lost_curves", "metrics.jsonl"));
  WriteFileAtomically(In("lost_curves", "metrics.jsonl"), metrics.substr(0, 40) + "garbage\n");
  fs::remove(In("lost_curves", "times.jsonl"));
  fs::remove_all(In("lost_curves", "tensorboard"));
  const CommandResult resumed = RunCommand(Command(0, "lost_curves", all));
  EXPECT_EQ(resumed.exit_status, 0) << resumed.err;
  EXPECT_THAT(resumed.err, HasSubstr(run + "/metrics.jsonl has lost the lines of 3 epochs between "
                                           "1 and 3; "));
  EXPECT_THAT(resumed.err, HasSubstr(" of them put back from checkpoints"));
  EXPECT_THAT(resumed.err, HasSubstr(run + "/times.jsonl has lost the lines of 3 epochs between 1 "
                                           "and 3. Training goes on"));
  EXPECT_THAT(resumed.err, HasSubstr(run + "/tensorboard holds no points up to step 9"));
  const std::string whole = ReadFile(In("whole_curves", "metrics.jsonl"));
  const std::string found = ReadFile(In("lost_curves", "metrics.jsonl"));
  ASSERT_GE(std::count(found.begin(), found.end(), '\n'), 3) << "epochs 2 and 3 have checkpoints";
  EXPECT_EQ(found, whole.substr(whole.size() - std::min(found.size(), whole.size())));
  const CommandResult again = RunCommand(Command(0, "whole_curves", all));
  EXPECT_THAT(again.err, Not(HasSubstr("lost")));
  EXPECT_THAT(again.err, Not(HasSubstr("no points")));
}

// A week of training does not start again because a folder was tidied up.
TEST_F(DamagedRun, EpochsWithoutCheckpointsAreNotTrainedAgainUnasked) {
  Train("no_checkpoints", {});
  fs::remove_all(In("no_checkpoints", "checkpoints"));
  ExpectRefused("no_checkpoints", {}, kExitInput,
                "/checkpoints holds no checkpoint, though " + At("no_checkpoints") +
                    "/metrics.jsonl has 2 epochs: put the checkpoints back to go on, or "
                    "--overwrite to start again");
  Train("no_checkpoints", {"--overwrite"});
  // A run that was killed before its first checkpoint has none, so it starts again.
  fs::remove_all(In("no_checkpoints", "checkpoints"));
  Train("no_checkpoints", {"--checkpoint-epochs", "2"});
}

TEST_F(DamagedRun, ARunFolderRemovedMeanwhileIsNotMadeAgain) {
  const Words is_long = {"--epochs", "10000", "--checkpoint-steps", "1"};
  const CommandResult removed = RunWith(
      [] {
        std::error_code ignored;
        while (fs::exists(At("removed"))) {
          fs::remove_all(At("removed"), ignored);  // the run writes there meanwhile
        }
      },
      "removed", is_long);
  EXPECT_EQ(removed.exit_status, kExitEnvironment) << removed.err;
  EXPECT_THAT(removed.err, HasSubstr(At("removed") + " was removed or renamed while"));
  EXPECT_FALSE(fs::exists(At("removed")));
  Train("removed", {"--epochs", "1"});

  const CommandResult moved = RunWith(
      [] {
        fs::rename(At("moved"), At("kept_elsewhere"));
        fs::create_directory(At("moved"));
      },
      "moved", is_long);
  EXPECT_EQ(moved.exit_status, kExitEnvironment) << moved.err;
  EXPECT_THAT(moved.err, HasSubstr(At("moved") + " was replaced by another folder"));
  EXPECT_TRUE(fs::is_empty(At("moved")));
}

// The state in memory is saved: only removed files are lost.
TEST_F(DamagedRun, CheckpointsRemovedMeanwhileAreSaidAndSavedAnew) {
  const CommandResult result =
      RunWith([] { fs::rename(In("tidied", "checkpoints"), At("tidied_away")); }, "tidied",
              {"--epochs", "15", "--checkpoint-steps", "1"});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("/checkpoints was removed while training went on: it is made "
                                    "again with the state of step "));
  EXPECT_TRUE(fs::exists(In("tidied", "checkpoints/step-0000000045/DONE")));
}

TEST_F(DamagedRun, ARefusalLeavesNothingInOtherPeoplesFolders) {
  fs::create_directories(At("theirs"));
  WriteFileAtomically(fs::path(At("theirs")) / "thesis.tex", "years of work");
  ExpectRefused("theirs", {}, kExitUsage, "holds files that reel3d did not write");
  ExpectRefused("theirs", {"--overwrite"}, kExitUsage, "holds files that reel3d did not write");
  ExpectRefused("prepared", {}, kExitUsage, "holds what \"prep-videos\" made");
  const CommandResult bad_shards =
      RunCommand({ToolPath("train-r3d").string(), At("theirs"), At("never_begun")});
  EXPECT_EQ(bad_shards.exit_status, kExitInput) << bad_shards.err;
  EXPECT_FALSE(fs::exists(At("never_begun")));
}

TEST_F(DamagedRun, TheFolderOfARunIsNoCheckpointButHoldsOne) {
  Train("is_a_run", {"--epochs", "1"});
  const std::string latest = At("is_a_run") + "/checkpoints/latest";
  const std::string score = ToolPath("score-videos").string();
  for (const std::string& folder : {At("is_a_run"), At("is_a_run") + "/checkpoints"}) {
    const CommandResult result = RunCommand({score, folder, Shards(), At("no_scores")});
    EXPECT_EQ(result.exit_status, kExitInput) << result.err;
    EXPECT_THAT(result.err, HasSubstr("not a checkpoint: name one in it, such as " + latest));
  }
  fs::remove_all(In("is_a_run", "checkpoints"));
  const CommandResult none = RunCommand({score, At("is_a_run"), Shards(), At("no_scores")});
  EXPECT_EQ(none.exit_status, kExitInput) << none.err;
  EXPECT_THAT(none.err, HasSubstr("holds no complete checkpoint"));
}

}  // namespace
}  // namespace reel3d::test
