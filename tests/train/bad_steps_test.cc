// What --on-bad-step makes of steps that would do harm: the same on every rank and after a resume.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "lib/base/error.h"
#include "lib/model/network.h"
#include "lib/model/weights.h"
#include "tests/train/interrupted_run.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using test::CommandResult;
using test::Words;
using testing::HasSubstr;

// Nine steps in three epochs.
class BadSteps : public test::InterruptedRun {
 protected:
  static Words Guarded(int ranks, const std::string& run_dir, Words more) {
    more.insert(more.end(), {"--epochs", "3", "--tensorboard-every", "1", "--checkpoint-steps", "1",
                             "--keep-last", "1"});
    return Command(ranks, run_dir, more);
  }

  // A bound that the longest gradient of the second epoch's steps exceeds, and none before it.
  static std::string BoundHitInSecondEpoch(int ranks) {
    const std::string run_dir = "unbounded" + std::to_string(ranks);
    EXPECT_EQ(test::RunCommand(Guarded(ranks, run_dir, kFast)).exit_status, 0);
    float before = 0;
    float in_it = 0;
    for (const auto& [step, norm] : test::Curve(At(run_dir) + "/tensorboard", "gradient_norm")) {
      (step <= 4 ? before : in_it) = std::max(step <= 4 ? before : in_it, step <= 6 ? norm : 0);
    }
    EXPECT_GT(in_it, before) << "choose another rate";
    return std::to_string((before + in_it) / 2);
  }

  static int64_t NumBad(const std::string& run_dir) {
    const std::string report = ReadFile(fs::path(At(run_dir)) / "report.json");
    return nlohmann::json::parse(report).at("num_bad_steps").get<int64_t>();
  }

  // Gradients grow with it.
  static inline const Words kFast = {"--lr", "0.5"};
};

TEST_F(BadSteps, NothingMovesInThem) {
  const Words all_bad = {"--on-bad-step", "skip", "--bad-step-norm", "1e-9"};
  for (const int ranks : {0, 2}) {
    const std::string run_dir = "still" + std::to_string(ranks);
    const CommandResult result = test::RunCommand(Guarded(ranks, run_dir, all_bad));
    ASSERT_EQ(result.exit_status, 0) << result.err;
    EXPECT_EQ(NumBad(run_dir), 9);
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
  const CommandResult result = test::RunCommand(
      Guarded(2, "ten", {"--on-bad-step", "skip", "--bad-step-norm", "1e-9", "--epochs", "9"}));
  EXPECT_EQ(result.exit_status, kExitFailed) << result.err;
  EXPECT_THAT(result.err, HasSubstr("10 bad steps in a row, the last one: step 10 in epoch 4"));
  EXPECT_EQ(fs::read_symlink(At("ten") + "/checkpoints/latest"), "step-0000000009");
}

// Also where it was interrupted between the checkpoint that it goes back to and the bad step.
TEST_F(BadSteps, InterruptedRunsEndBitForBitAlike) {
  for (const int ranks : {0, 2}) {
    const std::string bound = BoundHitInSecondEpoch(ranks);
    std::string skipped;
    for (const char* action : {"skip", "roll-back"}) {
      Words guard = {"--on-bad-step", action, "--bad-step-norm", bound};
      guard.insert(guard.end(), kFast.begin(), kFast.end());
      const std::string whole = std::string(action) + std::to_string(ranks);
      const CommandResult undisturbed = test::RunCommand(Guarded(ranks, whole, guard));
      ASSERT_EQ(undisturbed.exit_status, 0) << undisturbed.err;
      EXPECT_GT(NumBad(whole), 0);
      if (std::string(action) == "roll-back") {
        EXPECT_THAT(undisturbed.err, HasSubstr("back to the weights of step 3"));
        EXPECT_NE(ReadFile(At(whole) + "/checkpoints/latest/model.safetensors"), skipped);
      }
      skipped = ReadFile(At(whole) + "/checkpoints/latest/model.safetensors");
      for (const char* steps : {"4", "5", "7"}) {
        const std::string run_dir = whole + "_" + steps;
        Words stop = guard;
        stop.insert(stop.end(), {"--stop-after-steps", steps});
        ASSERT_EQ(test::RunCommand(Guarded(ranks, run_dir, stop)).exit_status, kExitStoppedEarly);
        const CommandResult resumed = test::RunCommand(Guarded(ranks, run_dir, guard));
        ASSERT_EQ(resumed.exit_status, 0) << resumed.err;
        ExpectSameEnd(run_dir, whole);
      }
    }
  }
}

// No bound: what is no number is bad.
TEST_F(BadSteps, WhatIsNoNumberIsLeftOut) {
  const CommandResult result = test::RunCommand(
      Guarded(0, "numbers", {"--on-bad-step", "skip", "--lr", "1000", "--epochs", "30"}));
  EXPECT_EQ(result.exit_status, kExitFailed) << result.err;
  EXPECT_THAT(result.err, testing::ContainsRegex("loss -?(nan|inf)"));
  for (const auto& [name, tensor] : Tensors("numbers", "model.safetensors")) {
    EXPECT_TRUE(!tensor.is_floating_point() || tensor.isfinite().all().item<bool>()) << name;
  }
}

}  // namespace
}  // namespace reel3d
