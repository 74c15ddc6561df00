// train-r3d and score-videos as a user runs them, on a small data set that the other tools make:
// any number of ranks, interrupted anywhere, fed with mistakes.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <torch/torch.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "lib/base/file.h"
#include "lib/base/rng.h"
#include "lib/model/tensor_io.h"
#include "tests/test_support.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using Words = std::vector<std::string>;

class TrainTool : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new test::TemporaryFolder();
    const auto run = [](Words words) {
      words.front() = test::ToolPath(words.front()).string();
      const test::CommandResult result = test::RunCommand(words);
      ASSERT_EQ(result.exit_status, 0) << words.front() << ": " << result.err;
    };
    const auto at = [](const char* name) { return (*folder_ / name).string(); };
    run({"make-demo-videos", "--videos-per-class", "4", at("videos")});
    run({"list-videos", "--validation-fraction", "0.25", at("videos"), at("videos.tsv")});
    run({"prep-videos", "--height", "48", at("videos.tsv"), at("prepared")});
    run({"pack-shards", at("videos.tsv"), at("prepared"), at("shards")});
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }

  static std::string Shards() { return (*folder_ / "shards").string(); }
  static std::string At(const std::string& name) { return (*folder_ / name).string(); }

  // 24 training videos in batches of 8: three steps an epoch.
  static Words Command(int ranks, const std::string& run_dir, const Words& more = {}) {
    Words words;
    if (ranks > 0) {
      words = {"mpirun", "--oversubscribe", "-n", std::to_string(ranks)};
    }
    for (const std::string& word :
         {test::ToolPath("train-r3d").string(), std::string("--depth"), std::string("10"),
          std::string("--width"), std::string("0.125"), std::string("--sample-size"),
          std::string("32"), std::string("--batch"), std::string("8"), std::string("--lr"),
          std::string("0.05"), std::string("--epochs"), std::string("2"), std::string("--threads"),
          std::string("1")}) {
      words.push_back(word);
    }
    words.insert(words.end(), more.begin(), more.end());
    words.push_back(Shards());
    words.push_back(At(run_dir));
    return words;
  }

  static std::map<std::string, at::Tensor> Tensors(const std::string& run_dir,
                                                   const std::string& file) {
    const NamedTensors loaded =
        LoadTensors(fs::path(At(run_dir)) / "checkpoints" / "latest" / file);
    return {loaded.begin(), loaded.end()};
  }

  static test::TemporaryFolder* folder_;
};

test::TemporaryFolder* TrainTool::folder_ = nullptr;

// Of all weights together: |a - b| / |b|. Not of running statistics, whose squares would drown
// them.
double RelativeDifference(const std::map<std::string, at::Tensor>& a,
                          const std::map<std::string, at::Tensor>& b) {
  double difference = 0;
  double size = 0;
  for (const auto& [name, tensor] : a) {
    if (name.find("running_") != std::string::npos ||
        name.find("num_batches") != std::string::npos) {
      continue;
    }
    const at::Tensor expected = b.at(name).to(at::kDouble);
    difference += (tensor.to(at::kDouble) - expected).square().sum().item<double>();
    size += expected.square().sum().item<double>();
  }
  return std::sqrt(difference / size);
}

// Rounding may take an activation to the other side of zero, and then a weight that is still near
// its beginning differs by more than rounding: so float32 is judged over the whole network, at a
// rate that does not blow such steps up. Tensor by tensor to 1e-10, in float64: tests/dist.
TEST_F(TrainTool, AnyNumberOfRanksGivesTheSameWeights) {
  const Words settings = {"--bn", "sync", "--sample-size", "48", "--lr", "0.002"};
  for (const int ranks : {1, 2, 4}) {
    Words more = settings;
    more.insert(more.end(), {"--stop-after-steps", "5"});
    const auto result = test::RunCommand(Command(ranks, "ranks" + std::to_string(ranks), more));
    ASSERT_EQ(result.exit_status, 75) << result.err;
  }
  const auto one = Tensors("ranks1", "model.safetensors");
  ASSERT_GT(one.size(), 40U);
  for (const char* many : {"ranks2", "ranks4"}) {
    EXPECT_LT(RelativeDifference(Tensors(many, "model.safetensors"), one), 1e-5) << many;
  }
  // Four steps must have moved them by far more for this to mean anything.
  Words more = settings;
  more.insert(more.end(), {"--stop-after-steps", "1"});
  const auto fresh = test::RunCommand(Command(1, "ranks0", more));
  ASSERT_EQ(fresh.exit_status, 75) << fresh.err;
  EXPECT_GT(RelativeDifference(Tensors("ranks0", "model.safetensors"), one), 1e-3);
}

void ExpectEqualRuns(const std::map<std::string, at::Tensor>& a,
                     const std::map<std::string, at::Tensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, tensor] : a) {
    EXPECT_TRUE(at::equal(tensor, b.at(name))) << name;
  }
}

TEST_F(TrainTool, ResumedRunsEndBitForBitAlike) {
  const auto whole = test::RunCommand(Command(0, "whole"));
  ASSERT_EQ(whole.exit_status, 0) << whole.err;
  // In mid-epoch, at its end, in the second one.
  for (const char* steps : {"1", "3", "5"}) {
    const std::string run_dir = std::string("stopped") + steps;
    const auto stopped = test::RunCommand(Command(0, run_dir, {"--stop-after-steps", steps}));
    ASSERT_EQ(stopped.exit_status, 75) << stopped.err;
    EXPECT_FALSE(fs::exists(fs::path(At(run_dir)) / "DONE"));
    const auto resumed = test::RunCommand(Command(0, run_dir));
    ASSERT_EQ(resumed.exit_status, 0) << resumed.err;
    EXPECT_NE(resumed.err.find("going on from step " + std::string(steps)), std::string::npos)
        << resumed.err;
    for (const char* file : {"model.safetensors", "optimizer.safetensors"}) {
      ExpectEqualRuns(Tensors("whole", file), Tensors(run_dir, file));
    }
    EXPECT_EQ(ReadFile(fs::path(At("whole")) / "metrics.jsonl"),
              ReadFile(fs::path(At(run_dir)) / "metrics.jsonl"));
  }
}

// SIGKILL after a random time: the same command must always finish, and end with the same bits.
TEST_F(TrainTool, KilledAnywhereItStillFinishes) {
  ASSERT_EQ(test::RunCommand(Command(0, "undisturbed")).exit_status, 0);
  Rng rng(20);
  Words command = Command(0, "killed");
  std::vector<char*> argv;
  for (std::string& word : command) {
    argv.push_back(word.data());
  }
  argv.push_back(nullptr);
  for (int kill_index = 0; kill_index < 6; ++kill_index) {
    pid_t process = 0;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    ASSERT_EQ(posix_spawn(&process, argv[0], &actions, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    std::this_thread::sleep_for(std::chrono::milliseconds(200 + rng.Below(2500)));
    kill(process, SIGKILL);
    waitpid(process, nullptr, 0);
  }
  const auto last = test::RunCommand(command);
  ASSERT_EQ(last.exit_status, 0) << last.err;
  ExpectEqualRuns(Tensors("undisturbed", "model.safetensors"),
                  Tensors("killed", "model.safetensors"));
  EXPECT_EQ(ReadFile(fs::path(At("undisturbed")) / "metrics.jsonl"),
            ReadFile(fs::path(At("killed")) / "metrics.jsonl"));
  for (const auto& entry : fs::directory_iterator(fs::path(At("killed")) / "checkpoints")) {
    EXPECT_EQ(entry.path().filename().string().find(".tmp-"), std::string::npos) << entry.path();
  }
}

TEST_F(TrainTool, DamagedNewestCheckpointFallsBackToTheOneBefore) {
  ASSERT_EQ(test::RunCommand(Command(0, "damaged", {"--stop-after-steps", "5"})).exit_status, 75);
  const fs::path newest = fs::canonical(fs::path(At("damaged")) / "checkpoints" / "latest");
  std::string weights = ReadFile(newest / "model.safetensors");
  weights[weights.size() / 2] = static_cast<char>(weights[weights.size() / 2] ^ 1);
  WriteFileAtomically(newest / "model.safetensors", weights);
  const auto resumed = test::RunCommand(Command(0, "damaged"));
  EXPECT_EQ(resumed.exit_status, 0) << resumed.err;
  EXPECT_NE(resumed.err.find("damaged"), std::string::npos) << resumed.err;
  EXPECT_NE(resumed.err.find("going on from step 3"), std::string::npos) << resumed.err;
}

struct Mistake {
  Words words;
  int exit_status;
  std::string message;
};

TEST_F(TrainTool, MistakesAreOneClearLine) {
  ASSERT_EQ(test::RunCommand(Command(0, "mistakes", {"--stop-after-steps", "1"})).exit_status, 75);
  const std::string tool = test::ToolPath("train-r3d").string();
  const std::vector<Mistake> mistakes = {
      {Command(0, "mistakes", {"--lr", "0.5"}), 2, "made with other settings"},
      {{tool, At("absent"), At("new")}, 3, "no such folder"},
      {{tool, "--dept", "10", Shards(), At("new")}, 2, "did you mean depth?"},
      {{tool, "--depth", "11", Shards(), At("new")}, 2, "depth"},
      {{tool, "--device", "cuda", Shards(), At("new")}, 4, "cuda"},
  };
  for (const Mistake& mistake : mistakes) {
    const auto result = test::RunCommand(mistake.words);
    EXPECT_EQ(result.exit_status, mistake.exit_status) << result.err;
    EXPECT_NE(result.err.find(mistake.message), std::string::npos) << mistake.message << "\n"
                                                                   << result.err;
  }
}

// Scores do not depend on how many tasks wrote them, nor on a kill between.
TEST_F(TrainTool, ScoresAreTheSameBytesByAnyNumberOfTasks) {
  ASSERT_EQ(test::RunCommand(Command(0, "to_score", {"--epochs", "1"})).exit_status, 0);
  const auto score = [&](const std::string& out, const Words& more) {
    Words words = {test::ToolPath("score-videos").string(), "--videos-per-part", "3", "--threads",
                   "1"};
    words.insert(words.end(), more.begin(), more.end());
    for (const std::string& word : {At("to_score/checkpoints/latest"), Shards(), At(out)}) {
      words.push_back(word);
    }
    return test::RunCommand(words);
  };
  ASSERT_EQ(score("scores_one", {}).exit_status, 0);
  for (const char* task : {"1", "0"}) {
    const auto result = score("scores_two", {"--task", task, "--tasks", "2"});
    ASSERT_EQ(result.exit_status, 0) << result.err;
  }
  int parts = 0;
  for (const auto& entry : fs::directory_iterator(At("scores_one"))) {
    if (entry.path().extension() == ".h5") {
      ++parts;
      EXPECT_EQ(ReadFile(entry.path()),
                ReadFile(fs::path(At("scores_two")) / entry.path().filename()));
    }
  }
  EXPECT_EQ(parts, 3);  // 8 videos
  EXPECT_TRUE(fs::exists(fs::path(At("scores_two")) / "DONE"));
  const auto again = score("scores_one", {"--json"});
  EXPECT_EQ(nlohmann::json::parse(again.out)["parts_kept"], 3);
  EXPECT_EQ(score("scores_one", {"--tail", "drop2017"}).exit_status, 2);
}

TEST_F(TrainTool, ClassesOfAnotherDataSetAreRefused) {
  ASSERT_EQ(test::RunCommand(Command(0, "classes", {"--epochs", "1"})).exit_status, 0);
  const fs::path other = At("other_shards");
  fs::copy(Shards(), other, fs::copy_options::recursive);
  std::string classes = ReadFile(other / "classes.txt");
  WriteFileAtomically(other / "classes.txt", classes + "one_more\n");
  const auto result =
      test::RunCommand({test::ToolPath("score-videos").string(), At("classes/checkpoints/latest"),
                        other.string(), At("other_scores")});
  EXPECT_EQ(result.exit_status, 3);
  EXPECT_NE(result.err.find("the checkpoint knows 8 classes and"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace reel3d
