// --on-bad-step handles harmful steps in the same way on every rank and after a resume.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "lib/base/error.h"
#include "lib/model/network.h"
#include "lib/model/weights.h"
#include "tests/train/interrupted_run.h"
#include "tests/train/train_tensors.h"

namespace reel3d::test {
namespace {

using testing::HasSubstr;

// The runs have nine steps in three epochs.
class BadSteps : public InterruptedRun {
 protected:
  static Words Guarded(int ranks, const std::string& run_dir, const Words& more) {
    Words words = {"--epochs",           "3", "--tensorboard-every", "1",
                   "--checkpoint-steps", "1", "--keep-last",         "1"};
    words.insert(words.end(), more.begin(), more.end());
    return Command(ranks, run_dir, words);
  }

  // Returns settings with a --bad-step-norm whose first bad step is in the second epoch, but is not
  // the epoch's first step. The learning rate is low, so a gradient's length depends on the clips
  // and hardly on earlier steps.
  static Words FirstBadInMidEpoch(int ranks) {
    for (const char* seed : {"1", "2", "3", "4", "5", "6", "7", "8"}) {
      const std::string run_dir = "unbounded" + std::to_string(ranks) + seed;
      Words settings = {"--lr", "0.0001", "--seed", seed};
      EXPECT_EQ(RunCommand(Guarded(ranks, run_dir, settings)).exit_status, 0);
      std::vector<float> norms(10);
      for (const auto& [step, norm] : Curve(At(run_dir) + "/tensorboard", "gradient_norm")) {
        norms.at(static_cast<size_t>(step)) = norm;
      }
      const float before = *std::max_element(norms.begin(), norms.begin() + 5);
      const float in_epoch = std::max(norms[5], norms[6]);
      if (in_epoch > 1.05F * before) {
        const std::string bound = std::to_string((before + in_epoch) / 2);
        settings.insert(settings.end(), {"--bad-step-norm", bound});
        return settings;
      }
    }
    ADD_FAILURE() << "no seed will do";
    return {};
  }

  static int64_t NumBad(const std::string& run_dir) {
    const std::string report = ReadFile(fs::path(At(run_dir)) / "report.json");
    return nlohmann::json::parse(report).at("num_bad_steps").get<int64_t>();
  }
};

TEST_F(BadSteps, NothingMovesInThem) {
  const Words all_bad = {"--on-bad-step", "skip", "--bad-step-norm", "1e-9"};
  for (const int ranks : {0, 2}) {
    const std::string run_dir = "still" + std::to_string(ranks);
    const CommandResult result = RunCommand(Guarded(ranks, run_dir, all_bad));
    ASSERT_EQ(result.exit_status, 0) << result.err;
    EXPECT_EQ(NumBad(run_dir), 9);
    const std::string metrics = ReadFile(At(run_dir) + "/metrics.jsonl");
    EXPECT_THAT(metrics, testing::Not(HasSubstr("null")));
    EXPECT_THAT(metrics, testing::Not(HasSubstr("train_loss")));
    EXPECT_THAT(metrics, HasSubstr("validation_loss"));
    EXPECT_THAT(result.err, HasSubstr("epoch 3 of 3: every step was left out; validation"));
    EXPECT_EQ(Tensors(run_dir, "optimizer.safetensors").size(), 0U);
    NetworkOptions options;
    options.depth = 10;
    options.width = 0.125;
    options.num_classes = 8;
    Network fresh = MakeNetwork(options, /*seed=*/1);
    const auto left = Tensors(run_dir, "model.safetensors");
    for (const auto& [name, tensor] : StateDict(*fresh)) {
      EXPECT_TRUE(at::equal(left.at(name), tensor)) << name;
    }
    const std::string log = result.err.substr(result.err.find("step 1 in epoch 1"));
    EXPECT_THAT(log, testing::ContainsRegex(
                         "gradient norm [0-9.]+, clips of ([a-z_0-9]+, ){7}[a-z_0-9]+: left out"));
  }
}

TEST_F(BadSteps, TenInARowAreTheEnd) {
  const CommandResult result = RunCommand(
      Guarded(2, "ten", {"--on-bad-step", "skip", "--bad-step-norm", "1e-9", "--epochs", "9"}));
  EXPECT_EQ(result.exit_status, kExitFailed) << result.err;
  const std::string reason = "10 bad steps in a row, the last one: step 10 in epoch 4";
  ASSERT_THAT(result.err, HasSubstr(reason));
  EXPECT_EQ(result.err.find(reason), result.err.rfind(reason)) << "one rank is enough to say it";
  EXPECT_EQ(fs::read_symlink(At("ten") + "/checkpoints/latest"), "step-0000000009");
}

// Runs are interrupted before the bad step (step 4), after it (step 7), or at the end of the first
// epoch (step 3), after the checkpoint to which the bad step rolls back and before the validation.
TEST_F(BadSteps, InterruptedRunsEndBitForBitAlike) {
  for (const int ranks : {0, 2}) {
    const Words settings = FirstBadInMidEpoch(ranks);
    std::string skipped;
    for (const char* action : {"skip", "roll-back"}) {
      Words guard = {"--on-bad-step", action};
      guard.insert(guard.end(), settings.begin(), settings.end());
      const std::string whole = std::string(action) + std::to_string(ranks);
      const CommandResult undisturbed = RunCommand(Guarded(ranks, whole, guard));
      ASSERT_EQ(undisturbed.exit_status, 0) << undisturbed.err;
      EXPECT_THAT(undisturbed.err, HasSubstr(skipped.empty() ? "left out, nothing has moved"
                                                             : "back to the weights of step 3"));
      const std::string weights = ReadFile(At(whole) + "/checkpoints/latest/model.safetensors");
      EXPECT_TRUE(weights != skipped) << "they do the same";
      skipped = weights;
      Words stops = {"4", "7"};
      if (ranks == 0 && std::string(action) == "roll-back") {
        stops.emplace_back("3");
      }
      for (const std::string& steps : stops) {
        const std::string run_dir = whole + "_" + steps;
        Words stop = guard;
        stop.insert(stop.end(), {"--stop-after-steps", steps});
        ASSERT_EQ(RunCommand(Guarded(ranks, run_dir, stop)).exit_status, kExitStoppedEarly);
        const CommandResult resumed = RunCommand(Guarded(ranks, run_dir, guard));
        ASSERT_EQ(resumed.exit_status, 0) << resumed.err;
        ExpectSameEnd(run_dir, whole);
      }
    }
  }
}

// --checkpoint-epochs decides the weights to which a bad step rolls back.
TEST_F(BadSteps, RollingBackFixesWhereCheckpointsAre) {
  const auto with = [](const char* action, const char* epochs, const Words& more = {}) {
    Words words = {"--on-bad-step", action, "--checkpoint-epochs", epochs};
    words.insert(words.end(), more.begin(), more.end());
    return RunCommand(Guarded(0, std::string("every_") + action, words));
  };
  for (const char* action : {"roll-back", "skip"}) {
    ASSERT_EQ(with(action, "1", {"--stop-after-steps", "4"}).exit_status, kExitStoppedEarly);
  }
  const CommandResult refused = with("roll-back", "2");
  EXPECT_EQ(refused.exit_status, kExitUsage) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("--checkpoint-epochs 2: "));
  EXPECT_EQ(with("roll-back", "1").exit_status, 0);
  EXPECT_EQ(with("skip", "2").exit_status, 0);
}

// Only values that are not finite make a step bad if there is no --bad-step-norm.
TEST_F(BadSteps, WhatIsNoNumberIsLeftOut) {
  const CommandResult result =
      RunCommand(Guarded(0, "numbers",
                         {"--on-bad-step", "skip", "--lr", "1000", "--epochs", "30",
                          "--validation-every", "0", "--schedule", "constant"}));
  EXPECT_EQ(result.exit_status, kExitFailed) << result.err;
  EXPECT_THAT(result.err, testing::ContainsRegex("loss -?(nan|inf)|statistics no numbers"));
  for (const auto& [name, tensor] : Tensors("numbers", "model.safetensors")) {
    EXPECT_TRUE(!tensor.is_floating_point() || tensor.isfinite().all().item<bool>()) << name;
  }
}

}  // namespace
}  // namespace reel3d::test
