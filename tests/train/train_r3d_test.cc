// Runs train-r3d like a user: with any number of ranks, interrupted at any time, with mistakes in
// its input.
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "tests/train/train_tensors.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using test::RelativeDifference;
using test::TrainTool;
using test::Words;

// Tests the first step, and a later step, which has momentum and running statistics from before.
TEST_F(TrainTool, AnyNumberOfRanksGivesTheSameWeights) {
  const Words settings = {"--bn",        "sync",  "--sample-size",      "48",
                          "--lr",        "0.002", "--checkpoint-steps", "1",
                          "--keep-last", "99"};
  Words more = settings;
  more.insert(more.end(), {"--stop-after-steps", "5"});
  const auto result = test::RunCommand(Command(1, "ranks1", more));
  ASSERT_EQ(result.exit_status, 75) << result.err;
  const auto one = Tensors("ranks1", "model.safetensors");
  ASSERT_GT(one.size(), 40U);
  for (const int ranks : {2, 4}) {
    ExpectSameStep("ranks1", 1, ranks, settings);
    ExpectSameStep("ranks1", 5, ranks, settings);
  }
  // The check is meaningful only if four steps move the weights much more than its tolerance.
  EXPECT_GT(RelativeDifference(Tensors("ranks1", "../step-0000000001/model.safetensors"), one),
            1e-3);
}

// A doubt about the data does not stop a run. Only one rank reports it, and only once.
TEST_F(TrainTool, DoubtsAreSaidOnceAndStopNothing) {
  const std::string shards = At("doubtful_shards");
  fs::copy(Shards(), shards, fs::copy_options::recursive);
  WriteFileAtomically(fs::path(shards) / "same_content.tsv", "\x01\xFF no table");
  const auto result = test::RunCommand(Command(2, "doubtful", {"--stop-after-steps", "1"}, shards));
  EXPECT_EQ(result.exit_status, 75) << result.err;
  const std::string doubt = "same_content.tsv cannot be read: ";
  const size_t first = result.err.find(doubt);
  ASSERT_NE(first, std::string::npos) << result.err;
  EXPECT_EQ(result.err.find(doubt, first + 1), std::string::npos) << result.err;
}

void ExpectEqualRuns(const std::map<std::string, at::Tensor>& a,
                     const std::map<std::string, at::Tensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, tensor] : a) {
    EXPECT_TRUE(at::equal(tensor, b.at(name))) << name;
  }
}

const Words kEverything = {"--ema-decay",       "0.9",     "--label-smoothing", "0.1",
                           "--clip-norm",       "1",       "--warmup-epochs",   "1",
                           "--weight-decay-on", "weights", "--scale-lr",        "16"};

TEST_F(TrainTool, ResumedRunsEndBitForBitAlike) {
  for (const int ranks : {0, 2}) {  // 0: without mpirun
    const std::string whole = "whole" + std::to_string(ranks);
    // One of the two runs uses everything that a step can contain.
    const Words recipe = ranks == 0 ? Words{} : kEverything;
    Words files = {"model.safetensors", "optimizer.safetensors"};
    if (ranks != 0) {
      files.emplace_back("unaveraged.safetensors");
    }
    const auto undisturbed = test::RunCommand(Command(ranks, whole, recipe));
    ASSERT_EQ(undisturbed.exit_status, 0) << undisturbed.err;
    // The run stops within an epoch, at its end, and in the second epoch.
    for (const char* steps : {"1", "3", "5"}) {
      const std::string run_dir = whole + "_stopped" + steps;
      Words stop = recipe;
      stop.insert(stop.end(), {"--stop-after-steps", steps});
      const auto stopped = test::RunCommand(Command(ranks, run_dir, stop));
      ASSERT_EQ(stopped.exit_status, 75) << stopped.err;
      EXPECT_FALSE(fs::exists(fs::path(At(run_dir)) / "DONE"));
      const auto resumed = test::RunCommand(Command(ranks, run_dir, recipe));
      ASSERT_EQ(resumed.exit_status, 0) << resumed.err;
      EXPECT_NE(resumed.err.find("going on from step " + std::string(steps)), std::string::npos)
          << resumed.err;
      for (const std::string& file : files) {
        ExpectEqualRuns(Tensors(whole, file), Tensors(run_dir, file));
      }
      EXPECT_EQ(ReadFile(fs::path(At(whole)) / "metrics.jsonl"),
                ReadFile(fs::path(At(run_dir)) / "metrics.jsonl"));
    }
  }
}

TEST_F(TrainTool, EachEpochSaysWhereItsTimeWent) {
  ASSERT_EQ(test::RunCommand(Command(2, "timed", {"--stop-after-steps", "4"})).exit_status, 75);
  ASSERT_EQ(test::RunCommand(Command(2, "timed")).exit_status, 0);
  std::istringstream lines(ReadFile(fs::path(At("timed")) / "times.jsonl"));
  std::vector<double> clips;
  for (std::string text; std::getline(lines, text);) {
    const auto line = nlohmann::json::parse(text);
    clips.push_back(line.at("clips"));
    ASSERT_EQ(line.at("ranks").size(), 2U);
    double sum_s = 0;
    for (const auto& [phase, seconds] : line["ranks"][0].at("phases_s").items()) {
      sum_s += seconds.get<double>();
    }
    EXPECT_NEAR(line.at("seconds").get<double>(), sum_s, 1e-6);
    EXPECT_GT(line["ranks"][1]["phases_s"].at("backward"), 0.0);
  }
  EXPECT_EQ(clips, (std::vector<double>{24, 16})) << "of the second one, those after the stop";
}

// The average of the weights is validated and saved. Training itself does not depend on it.
TEST_F(TrainTool, AnAverageOfTheWeightsIsWhatIsValidated) {
  ASSERT_EQ(test::RunCommand(Command(0, "unaveraged")).exit_status, 0);
  const auto averaged = test::RunCommand(Command(0, "averaged", {"--ema-decay", "0.9"}));
  ASSERT_EQ(averaged.exit_status, 0) << averaged.err;
  ExpectEqualRuns(Tensors("unaveraged", "model.safetensors"),
                  Tensors("averaged", "unaveraged.safetensors"));
  EXPECT_GT(RelativeDifference(Tensors("averaged", "model.safetensors"),
                               Tensors("unaveraged", "model.safetensors")),
            1e-3);
  const auto line = [](const char* run_dir) {
    const std::string all = ReadFile(fs::path(At(run_dir)) / "metrics.jsonl");
    return nlohmann::json::parse(all.substr(0, all.find('\n')));
  };
  EXPECT_EQ(line("averaged")["train_loss"], line("unaveraged")["train_loss"]);
  EXPECT_NE(line("averaged")["validation_loss"], line("unaveraged")["validation_loss"]);
  const fs::path newest = fs::canonical(fs::path(At("averaged")) / "checkpoints" / "latest");
  fs::remove(newest / "unaveraged.safetensors");
  const auto resumed = test::RunCommand(Command(0, "averaged", {"--ema-decay", "0.9"}));
  EXPECT_NE(resumed.err.find("damaged: DONE says"), std::string::npos) << resumed.err;
}

// C3D has no batch norm, so there are no statistics to share, save or average.
TEST_F(TrainTool, ANetworkWithoutStatisticsIsTrained) {
  const Words c3d = {"--model", "c3d",   "--width",  "0.02", "--sample-size", "96",
                     "--lr",    "0.001", "--epochs", "1",    "--ema-decay",   "0.9"};
  for (const int ranks : {0, 2}) {
    const std::string run_dir = "c3d" + std::to_string(ranks);
    Words stop = c3d;
    stop.insert(stop.end(), {"--stop-after-steps", "1"});
    const auto stopped = test::RunCommand(Command(ranks, run_dir, stop));
    EXPECT_EQ(stopped.exit_status, kExitStoppedEarly) << stopped.err;
    const auto whole = test::RunCommand(Command(ranks, run_dir, c3d));
    EXPECT_EQ(whole.exit_status, 0) << whole.err;
  }
}

TEST_F(TrainTool, AScaledRateIsSaid) {
  const auto result =
      test::RunCommand(Command(0, "scaled", {"--scale-lr", "16", "--stop-after-steps", "1"}));
  EXPECT_NE(result.err.find("--scale-lr 16: learning rate 0.025 instead of 0.05 for a batch of 8"),
            std::string::npos)
      << result.err;
}

// The figures of a finished run are kept, and more epochs can be added.
TEST_F(TrainTool, AFinishedRunReportsAndGoesOn) {
  ASSERT_EQ(test::RunCommand(Command(0, "two_epochs")).exit_status, 0);
  const auto one = test::RunCommand(Command(0, "longer", {"--epochs", "1", "--json"}));
  ASSERT_EQ(one.exit_status, 0) << one.err;
  const auto again = test::RunCommand(Command(0, "longer", {"--epochs", "1", "--json"}));
  const auto figures = [](const test::CommandResult& result, const char* name) {
    return nlohmann::json::parse(result.out).at(name).get<double>();
  };
  for (const char* name : {"train_loss", "train_top1", "validation_loss", "best_validation_top1"}) {
    EXPECT_EQ(figures(again, name), figures(one, name)) << name;
  }
  const auto longer = test::RunCommand(Command(0, "longer"));
  ASSERT_EQ(longer.exit_status, 0) << longer.err;
  ExpectEqualRuns(Tensors("two_epochs", "model.safetensors"),
                  Tensors("longer", "model.safetensors"));
  const Words cosine = {"--schedule", "cosine", "--epochs", "1"};
  ASSERT_EQ(test::RunCommand(Command(0, "cosine", cosine)).exit_status, 0);
  const auto refused = test::RunCommand(Command(0, "cosine", {"--schedule", "cosine"}));
  EXPECT_EQ(refused.exit_status, 2) << refused.err;
  EXPECT_NE(refused.err.find("began a cosine schedule over 1 epochs"), std::string::npos)
      << refused.err;
}

TEST_F(TrainTool, ADivergedRunSaysSoAndSavesNothingOfIt) {
  const auto result = test::RunCommand(Command(0, "diverged", {"--lr", "1000", "--epochs", "9"}));
  EXPECT_EQ(result.exit_status, 1) << result.err;
  EXPECT_NE(result.err.find(": lower --lr"), std::string::npos) << result.err;
  const fs::path checkpoints = fs::path(At("diverged")) / "checkpoints";
  if (fs::exists(checkpoints / "latest")) {
    for (const auto& [name, tensor] : Tensors("diverged", "model.safetensors")) {
      EXPECT_TRUE(!tensor.is_floating_point() || tensor.isfinite().all().item<bool>()) << name;
    }
  }
}

// A run may be killed between a checkpoint and its links. The next run then makes the links.
TEST_F(TrainTool, LinksAreMadeAgain) {
  ASSERT_EQ(test::RunCommand(Command(0, "links")).exit_status, 0);
  const fs::path checkpoints = fs::path(At("links")) / "checkpoints";
  const fs::path latest = fs::read_symlink(checkpoints / "latest");
  const fs::path best = fs::read_symlink(checkpoints / "best");
  fs::remove(checkpoints / "best");
  fs::remove(checkpoints / "latest");
  fs::create_symlink("step-0000000003", checkpoints / "latest");
  ASSERT_EQ(test::RunCommand(Command(0, "links")).exit_status, 0);
  EXPECT_EQ(fs::read_symlink(checkpoints / "latest"), latest);
  EXPECT_EQ(fs::read_symlink(checkpoints / "best"), best);
}

// A run that is refused changes nothing.
TEST_F(TrainTool, ARefusedRunLosesNothing) {
  const auto going_on = [&](Words more) {
    more.insert(more.end(), {"--schedule", "cosine", "--on-bad-step", "roll-back"});
    return Command(0, "kept", more);
  };
  ASSERT_EQ(test::RunCommand(going_on({})).exit_status, 0);
  const fs::path run_dir = At("kept");
  const std::string weights = ReadFile(run_dir / "checkpoints" / "latest" / "model.safetensors");
  const std::string config = ReadFile(run_dir / "config.ini");
  const std::string tool = test::ToolPath("train-r3d").string();
  fs::create_directories(At("no_shards"));
  const fs::path other = At("other_videos");
  fs::copy(Shards(), other, fs::copy_options::recursive);
  WriteFileAtomically(other / "classes.txt", ReadFile(other / "classes.txt") + "one_more\n");
  Words on_other = going_on({});
  on_other[on_other.size() - 2] = other.string();
  for (const Words& words :
       {Words{tool, "--overwrite", At("no_shards"), run_dir.string()},
        Command(0, "kept", {"--overwrite", "--device", "cuda"}), going_on({"--epochs", "77"}),
        going_on({"--checkpoint-epochs", "77"}), on_other}) {
    const auto refused = test::RunCommand(words);
    EXPECT_NE(refused.exit_status, 0) << refused.err;
    EXPECT_EQ(ReadFile(run_dir / "checkpoints" / "latest" / "model.safetensors"), weights);
    EXPECT_TRUE(fs::exists(run_dir / "DONE")) << refused.err;
    EXPECT_EQ(ReadFile(run_dir / "config.ini"), config);
  }
}

// Damaged frames do not end a run. Their clips are replaced by the same other clips for any number
// of ranks and threads, and after a stop.
TEST_F(TrainTool, OtherClipsTakeThePlaceOfDamagedOnes) {
  const std::string shards = At("damaged_shards");
  fs::copy(Shards(), shards, fs::copy_options::recursive);
  std::set<std::string> damaged;
  for (const auto& [subset, video] :
       {std::pair(Subset::kTraining, 0), {Subset::kTraining, 11}, {Subset::kValidation, 2}}) {
    damaged.insert(test::DamageFrame(shards, subset, static_cast<size_t>(video), 16));
  }
  const auto failed = [](const std::string& run_dir) {
    return ReadFile(fs::path(At(run_dir)) / "failed.tsv");
  };
  const auto refused = test::RunCommand(Command(2, "tolerant", {}, shards));
  EXPECT_EQ(refused.exit_status, 3) << refused.err;
  EXPECT_NE(refused.err.find("more than --max-failed-fraction 0.01"), std::string::npos);
  EXPECT_FALSE(fs::exists(fs::path(At("tolerant")) / "DONE"));
  EXPECT_NE(failed("tolerant").find("frame 16 does not match its checksum"), std::string::npos);

  const Words tolerance = {"--max-failed-fraction", "0.1", "--bn", "sync",
                           "--sample-size",         "48",  "--lr", "0.002"};
  const auto with = [&](Words more) {
    more.insert(more.end(), tolerance.begin(), tolerance.end());
    return more;
  };
  ASSERT_EQ(test::RunCommand(Command(0, "one_rank", tolerance, shards)).exit_status, 0);
  for (const std::string& id : damaged) {
    EXPECT_NE(failed("one_rank").find(id + "\ttrain\t"), std::string::npos) << failed("one_rank");
  }
  ASSERT_EQ(
      test::RunCommand(Command(0, "threads", with({"--loader-threads", "3"}), shards)).exit_status,
      0);
  ExpectEqualRuns(Tensors("one_rank", "model.safetensors"),
                  Tensors("threads", "model.safetensors"));
  ASSERT_EQ(test::RunCommand(Command(0, "went_on", with({"--stop-after-steps", "4"}), shards))
                .exit_status,
            75);
  ASSERT_EQ(test::RunCommand(Command(0, "went_on", tolerance, shards)).exit_status, 0);
  ExpectEqualRuns(Tensors("one_rank", "model.safetensors"),
                  Tensors("went_on", "model.safetensors"));
  EXPECT_EQ(failed("went_on"), failed("one_rank"));
  ASSERT_EQ(test::RunCommand(Command(2, "two_ranks", tolerance, shards)).exit_status, 0);
  const Words every_step = with({"--checkpoint-steps", "1", "--keep-last", "99"});
  EXPECT_EQ(failed("two_ranks"), failed("one_rank"));
  // The clips of a step do not depend on ranks either.
  ASSERT_EQ(test::RunCommand(Command(0, "every_step", every_step, shards)).exit_status, 0);
  for (const int step : {1, 2, 3}) {
    ExpectSameStep("every_step", step, /*ranks=*/2, every_step, shards);
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
  for (const Words& words :
       {Words{"list-videos", "--validation-fraction", "0", At("videos"), At("0/videos.tsv")},
        Words{"pack-shards", At("0/videos.tsv"), At("prepared"), At("only_training")}}) {
    Words command = words;
    command.front() = test::ToolPath(words.front()).string();
    ASSERT_EQ(test::RunCommand(command).exit_status, 0);
  }
  const std::vector<Mistake> mistakes = {
      {Command(0, "mistakes", {"--lr", "0.5"}), 2, "made with other settings"},
      {{tool, At("absent"), At("new")}, 3, "no such folder"},
      {{tool, "--dept", "10", Shards(), At("new")}, 2, "did you mean depth?"},
      {{tool, "--depth", "11", Shards(), At("new")}, 2, "depth"},
      {{tool, At("only_training"), At("new")}, 2, "holds no validation videos"},
      {{tool, "--device", "cuda", Shards(), At("new")}, 4, "cuda"},
  };
  for (const Mistake& mistake : mistakes) {
    const auto result = test::RunCommand(mistake.words);
    EXPECT_EQ(result.exit_status, mistake.exit_status) << result.err;
    EXPECT_NE(result.err.find(mistake.message), std::string::npos) << mistake.message << "\n"
                                                                   << result.err;
  }
}

}  // namespace
}  // namespace reel3d
