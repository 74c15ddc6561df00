// Trains with copies of the shards on a disk of the node (--stage-to): the result is the same, and
// faults of the copies only cost speed.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/train/interrupted_run.h"

namespace reel3d::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class Staging : public InterruptedRun {
 protected:
  static void SetUpTestSuite() {
    InterruptedRun::SetUpTestSuite();
    const CommandResult packed = RunCommand({ToolPath("pack-shards").string(), "--shard-size", "1",
                                             At("videos.tsv"), At("prepared"), At("many")});
    ASSERT_EQ(packed.exit_status, 0) << packed.err;
    ASSERT_EQ(RunCommand(Run(2, "plain", {})).exit_status, 0);
  }

  static Words Run(int ranks, const std::string& run_dir, const Words& more) {
    return Command(ranks, run_dir, more, At("many"));
  }
  static Words StageTo(const std::string& folder) {
    return {"--stage-to", At(folder), "--stage-free-gb", "0"};
  }
  static int NumShards() {
    int count = 0;
    for (const auto& entry : fs::directory_iterator(At("many"))) {
      count += entry.path().extension() == ".h5" ? 1 : 0;
    }
    return count;
  }

  struct Bytes {
    double read = 0, copied = 0;
  };
  // Returns the bytes that all ranks read in each epoch.
  static std::vector<Bytes> ReadInEpochs(const std::string& run_dir) {
    std::vector<Bytes> epochs;
    std::istringstream lines(ReadFile(At(run_dir) + "/times.jsonl"));
    for (std::string line; std::getline(lines, line);) {
      epochs.emplace_back();
      const auto times = nlohmann::json::parse(line);
      for (const auto& rank : times.at("ranks")) {
        epochs.back().read += rank.at("read_bytes").get<double>();
        epochs.back().copied += rank.at("copied_bytes").get<double>();
      }
    }
    return epochs;
  }
  static int Occurrences(const std::string& text, const std::string& part) {
    int count = 0;
    for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
      ++count;
    }
    return count;
  }
  // Runs train-r3d while `folder` is a small disk. Returns nothing where one may not mount.
  static std::optional<CommandResult> RunOnDisk(const std::string& folder,
                                                const std::string& mount_options,
                                                const Words& command) {
    const Words in_a_namespace = {"unshare", "--map-root-user", "--mount"};
    Words mount = in_a_namespace;
    mount.insert(mount.end(), {"mount", "-t", "tmpfs", "tmpfs", folder_->path().string()});
    if (RunCommand(mount).exit_status != 0) {
      return std::nullopt;
    }
    Words words = in_a_namespace;
    words.insert(words.end(), {(SourceFolder() / "tests/train/small_stage.sh").string(), At(folder),
                               mount_options});
    words.insert(words.end(), command.begin(), command.end());
    return RunCommand(words);
  }
};

TEST_F(Staging, GivesTheSameRunColdAndWarm) {
  ASSERT_GE(NumShards(), 2);
  EXPECT_EQ(ReadInEpochs("plain")[0].copied, 0);
  EXPECT_GT(ReadInEpochs("plain")[0].read, 0);
  const Words settings = StageTo("stage");
  const CommandResult cold = RunCommand(Run(2, "cold", settings));
  ASSERT_EQ(cold.exit_status, 0) << cold.err;
  EXPECT_EQ(Occurrences(cold.err, ", as many frames as the clips of "), 1) << "one rank copies\n"
                                                                           << cold.err;
  ExpectSameEnd("cold", "plain");
  ExpectNoTemporaries(At("stage"));
  // A run that ends early does not wait for its copier.
  const auto all_are_copied = [] {
    return std::distance(fs::directory_iterator(At("stage")), {}) == NumShards();
  };
  for (int tries = 0; tries < 20 && !all_are_copied(); ++tries) {
    fs::remove_all(At("again"));
    ASSERT_EQ(RunCommand(Run(0, "again", settings)).exit_status, 0);
  }
  ASSERT_TRUE(all_are_copied());
  const CommandResult warm = RunCommand(Run(2, "warm", settings));
  ASSERT_EQ(warm.exit_status, 0) << warm.err;
  ExpectSameEnd("warm", "plain");
  const std::vector<Bytes> plain = ReadInEpochs("plain");
  const std::vector<Bytes> epochs = ReadInEpochs("warm");
  for (size_t epoch = 0; epoch < epochs.size(); ++epoch) {
    EXPECT_EQ(epochs[epoch].copied, epochs[epoch].read);
    EXPECT_EQ(epochs[epoch].read, plain[epoch].read);
  }
  EXPECT_THAT(warm.err, HasSubstr("(100 % from its copies), and would read "));
}

TEST_F(Staging, RefusesTheFoldersOfTheRunAndOfTheShards) {
  fs::create_directory_symlink(At("many"), At("link"));
  for (const std::string folder : {"many", "many/", "many/stage", "link/stage", "refused/stage"}) {
    const CommandResult result = RunCommand(Run(0, "refused", StageTo(folder)));
    EXPECT_EQ(result.exit_status, 2) << folder << result.err;
    EXPECT_THAT(result.err, HasSubstr("is or lies in")) << folder;
  }
  EXPECT_FALSE(fs::exists(At("refused")));
  EXPECT_FALSE(fs::exists(At("many/stage")));
}

TEST_F(Staging, ARunThatIsStoppedWithinAnEpochGoesOnWithCopies) {
  Words stop = StageTo("resumed_stage");
  stop.insert(stop.end(), {"--stop-after-steps", "2"});
  const CommandResult stopped = RunCommand(Run(2, "resumed", stop));
  ASSERT_EQ(stopped.exit_status, kExitStoppedEarly) << stopped.err;
  const CommandResult resumed = RunCommand(Run(2, "resumed", StageTo("resumed_stage")));
  ASSERT_EQ(resumed.exit_status, 0) << resumed.err;
  EXPECT_EQ(Occurrences(resumed.err, ", as many frames as the clips of "), 1);
  ExpectSameEnd("resumed", "plain");
}

TEST_F(Staging, TwoRunsShareAFolder) {
  auto first =
      std::async(std::launch::async, [] { return RunCommand(Run(2, "one", StageTo("shared"))); });
  const CommandResult second = RunCommand(Run(2, "two", StageTo("shared")));
  EXPECT_EQ(first.get().exit_status, 0);
  EXPECT_EQ(second.exit_status, 0) << second.err;
  ExpectSameEnd("one", "plain");
  ExpectSameEnd("two", "plain");
  ExpectNoTemporaries(At("shared"));
}

// The frames come from the shards again. The run neither fails nor fills the log.
TEST_F(Staging, BrokenCopiesOnlyCostSpeed) {
  const Words settings = StageTo("broken");
  ASSERT_EQ(RunCommand(Run(0, "maker", settings)).exit_status, 0);
  size_t cut = 0;
  for (const auto& entry : fs::directory_iterator(At("broken"))) {
    fs::resize_file(entry.path(), ++cut % 2 == 0 ? 1000 : fs::file_size(entry.path()) - 4000);
  }
  ASSERT_GT(cut, 0U);
  const CommandResult result = RunCommand(Run(2, "on_broken", settings));
  ASSERT_EQ(result.exit_status, 0) << result.err;
  EXPECT_GE(Occurrences(result.err, "a copy of a shard is not used"), 1) << result.err;
  EXPECT_LE(Occurrences(result.err, "a copy of a shard is not used"), 2) << result.err;
  ExpectSameEnd("on_broken", "plain");
}

TEST_F(Staging, AFolderThatVanishesOnlyCostsSpeed) {
  const Words settings = StageTo("vanishing");
  auto job = std::async(std::launch::async, [&] { return RunCommand(Run(2, "bereft", settings)); });
  EXPECT_TRUE(WaitUntil([] { return fs::exists(At("bereft") + "/checkpoints/step-0000000003"); }));
  std::error_code ignored;
  fs::remove_all(At("vanishing"), ignored);
  const CommandResult result = job.get();
  ASSERT_EQ(result.exit_status, 0) << result.err;
  ExpectSameEnd("bereft", "plain");
}

TEST_F(Staging, ADiskThatIsFullOrReadOnlyOnlyCostsSpeed) {
  for (const auto& [name, mount_options, message] :
       {std::tuple{"full", "size=64k", "the disk of "},
        std::tuple{"read_only", "ro", "Read-only file system"}}) {
    const auto result = RunOnDisk(std::string("disk_") + name, mount_options,
                                  Run(2, name, StageTo(std::string("disk_") + name)));
    if (!result) {
      GTEST_SKIP() << "one may not mount here";
    }
    ASSERT_EQ(result->exit_status, 0) << result->err;
    EXPECT_EQ(Occurrences(result->err, "have a copy there"), 1) << "said once\n" << result->err;
    EXPECT_THAT(result->err, HasSubstr(message));
    EXPECT_EQ(ReadFile(At(std::string("disk_") + name + ".after")), "");
    ExpectSameEnd(name, "plain");
  }
}

}  // namespace
}  // namespace reel3d::test
