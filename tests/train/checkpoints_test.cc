// Checks when train-r3d saves, which checkpoints it keeps, and what it does if it cannot save.
// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "lib/train/checkpoint/checkpoint_folder.h"
#include "tests/train/train_tool.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using test::Words;

class Checkpoints : public test::TrainTool {
 protected:
  static std::set<int> Steps(const std::string& run_dir) {
    std::set<int> steps;
    for (const auto& entry : fs::directory_iterator(fs::path(At(run_dir)) / "checkpoints")) {
      const std::string name = entry.path().filename().string();
      if (name.rfind("step-", 0) == 0) {
        steps.insert(std::stoi(name.substr(5)));
      }
    }
    return steps;
  }

  static std::string Bytes(const std::string& run_dir, const std::string& file) {
    return ReadFile(fs::path(At(run_dir)) / file);
  }

  // Expects that both runs end with the same weights and figures, bit for bit.
  static void ExpectSameEnd(const std::string& run_dir, const std::string& undisturbed) {
    for (const char* file : {"checkpoints/latest/model.safetensors",
                             "checkpoints/latest/optimizer.safetensors", "metrics.jsonl"}) {
      EXPECT_EQ(Bytes(run_dir, file), Bytes(undisturbed, file)) << run_dir << " " << file;
    }
  }
};

// An epoch has three steps.
TEST_F(Checkpoints, FallOnAnyStepAndChangeNothing) {
  const auto end = [](const std::string& run_dir, const Words& more) {
    const auto result = test::RunCommand(Command(2, run_dir, more));
    EXPECT_EQ(result.exit_status, 0) << result.err;
    return Steps(run_dir);
  };
  EXPECT_EQ(end("by_epochs", {}), (std::set<int>{3, 6}));
  EXPECT_EQ(end("by_steps", {"--checkpoint-steps", "2", "--keep-last", "9"}),
            (std::set<int>{2, 3, 4, 6}));
  EXPECT_EQ(end("by_clock", {"--checkpoint-minutes", "1e-9", "--keep-last", "9"}),
            (std::set<int>{1, 2, 3, 4, 5, 6}));
  ExpectSameEnd("by_steps", "by_epochs");
  ExpectSameEnd("by_clock", "by_epochs");
}

TEST_F(Checkpoints, SomeStayForGood) {
  const Words rule = {"--epochs",           "5", "--keep-last", "1",       "--keep-every", "2",
                      "--validation-every", "0", "--schedule",  "constant"};
  ASSERT_EQ(test::RunCommand(Command(0, "kept_some", rule)).exit_status, 0);
  EXPECT_EQ(Steps("kept_some"), (std::set<int>{6, 12, 15}));
}

// The checkpoint that --on-bad-step roll-back may need is kept, even if it is old.
TEST_F(Checkpoints, PruningKeepsWhatIsNamed) {
  const fs::path folder = fs::path(At("pruned")) / "checkpoints";
  for (int step = 1; step <= 9; ++step) {
    fs::create_directories(folder / CheckpointName(step));
  }
  fs::create_symlink(CheckpointName(4), folder / "best");
  PruneCheckpoints(folder, /*keep_last=*/2, /*keep_every=*/5, /*kept_step=*/3);
  EXPECT_EQ(Steps("pruned"), (std::set<int>{3, 4, 5, 8, 9}));
  PruneCheckpoints(folder, 1, 0, -1);
  EXPECT_EQ(Steps("pruned"), (std::set<int>{4, 9}));
}

TEST_F(Checkpoints, AFullDiskDelaysThemAndNothingElse) {
  const Words in_a_namespace = {"unshare", "--map-root-user", "--mount"};
  Words mount = in_a_namespace;
  mount.insert(mount.end(), {"mount", "-t", "tmpfs", "tmpfs", folder_->path().string()});
  if (test::RunCommand(mount).exit_status != 0) {
    GTEST_SKIP() << "one may not mount here";
  }
  const Words epochs = {"--epochs", "30", "--lr", "0.01"};
  ASSERT_EQ(test::RunCommand(Command(2, "roomy", epochs)).exit_status, 0);
  const Words train = Command(2, "tight", epochs);
  Words words = in_a_namespace;
  words.insert(words.end(),
               {(test::SourceFolder() / "tests/train/filling_disk.sh").string(), At("tight")});
  words.insert(words.end(), train.begin(), train.end());
  const auto result = test::RunCommand(words);
  const std::string log = ReadFile(At("tight.log"));
  ASSERT_EQ(result.exit_status, 0) << result.err << log;
  EXPECT_NE(log.find("training goes on and tries again soon"), std::string::npos) << log;
  EXPECT_NE(log.find("No space left on device"), std::string::npos) << log;
  ExpectSameEnd("tight.after", "roomy");
  test::ExpectNoTemporaries(fs::path(At("tight.after")) / "checkpoints");
}

}  // namespace
}  // namespace reel3d
