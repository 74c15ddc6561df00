// A run that is interrupted at any time, in any way, ends with the same bits. A run that resumes
// with another number of ranks sees the same clips and learns the same weights, up to rounding.
//
// This test interrupts a run a few times. REEL3D_INTERRUPTIONS=N: interrupts N times for each of 1,
// 2 and 4 ranks and prints the interruptions (make -f Makefile.workflow resume-check).
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <sstream>

#include "lib/base/error.h"
#include "lib/base/rng.h"
#include "lib/data/passport.h"
#include "lib/train/checkpoint/checkpoint_folder.h"
#include "tests/train/interrupted_run.h"
#include "tests/train/train_tensors.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using test::CommandResult;
using test::InterruptedRun;
using test::Words;

// Options that use everything that a step, an epoch and a checkpoint can contain. The run has nine
// steps in three epochs.
const Words kEverything = {
    "--ema-decay",     "0.9", "--label-smoothing",  "0.1",     "--clip-norm",         "1",
    "--warmup-epochs", "1",   "--weight-decay-on",  "weights", "--scale-lr",          "16",
    "--precise-bn",    "8",   "--on-bad-step",      "skip",    "--patience",          "1",
    "--epochs",        "3",   "--checkpoint-steps", "2",       "--tensorboard-every", "2"};

enum class Blow { kKill, kKillInSave, kKillOneRank, kTerm, kTermTwice };
constexpr std::array kBlows = {Blow::kKill, Blow::kKillInSave, Blow::kTerm, Blow::kTermTwice,
                               Blow::kKillOneRank};
constexpr std::array kBlowNames = {"SIGKILL to all", "SIGKILL in a save", "SIGKILL to one rank",
                                   "SIGTERM to one rank", "SIGTERM twice"};

// The result of an interruption.
struct Fall {
  int exit_status = 0;
  bool tore_save = false;  // a checkpoint was left half written
};

class Resume : public InterruptedRun {
 protected:
  static bool IsSaving(const std::string& run_dir) {
    std::error_code ignored;
    for (const auto& entry :
         fs::directory_iterator(fs::path(At(run_dir)) / "checkpoints", ignored)) {
      if (entry.path().filename().string().rfind(".step-", 0) == 0) {
        return true;
      }
    }
    return false;
  }

  // Returns the process of a random rank.
  static int AnyRank(const std::string& run_dir, int ranks, Rng& rng) {
    if (ranks == 1) {
      const std::vector<int> all = ProcessesOf(run_dir);
      return all.empty() ? -1 : all.front();
    }
    return RankOf(run_dir, static_cast<int>(rng.Below(ranks)));
  }

  static void Strike(Blow blow, const std::string& run_dir, int ranks, Rng& rng) {
    if (blow == Blow::kKill || blow == Blow::kKillInSave) {
      for (const int process : ProcessesOf(run_dir)) {
        kill(process, SIGKILL);
      }
      return;
    }
    const int victim = AnyRank(run_dir, ranks, rng);
    if (victim <= 0) {
      return;  // the run has ended already
    }
    kill(victim, blow == Blow::kKillOneRank ? SIGKILL : SIGTERM);
    if (blow == Blow::kTermTwice) {  // `timeout` and mpirun do this; both count as one request
      std::this_thread::sleep_for(std::chrono::milliseconds(rng.Below(30)));
      kill(victim, SIGTERM);
    }
  }

  // Runs `command` and interrupts it once, after `delay_s`. A blow that shall hit a save waits for
  // the next save.
  static Fall RunAndStrike(const Words& command, const std::string& run_dir, int ranks, Blow blow,
                           double delay_s, Rng& rng) {
    auto job = std::async(std::launch::async, [&] { return test::RunCommand(command); });
    const auto ended = [&] {
      return job.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    };
    test::WaitUntil(ended, delay_s);
    if (blow == Blow::kKillInSave) {
      test::WaitUntil([&] { return ended() || IsSaving(run_dir); });
      std::this_thread::sleep_for(std::chrono::microseconds(rng.Below(4000)));
    }
    if (!ended()) {
      Strike(blow, run_dir, ranks, rng);
    }
    Fall fall;
    fall.exit_status = job.get().exit_status;
    fall.tore_save = IsSaving(run_dir);
    EXPECT_TRUE(test::WaitUntil([&] { return ProcessesOf(run_dir).empty(); }, 10)) << "orphans";
    return fall;
  }

  static int Interruptions(int otherwise) {
    const char* wanted = std::getenv("REEL3D_INTERRUPTIONS");
    return wanted == nullptr ? otherwise : std::atoi(wanted);
  }

  static Words With(Words words, const Words& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  // Trains with --stop-after-steps and `settings`, on `ranks` ranks.
  static void TrainTo(int step, int ranks, const std::string& run_dir, const Words& settings) {
    const CommandResult result = test::RunCommand(
        Command(ranks, run_dir, With(settings, {"--stop-after-steps", std::to_string(step)})));
    ASSERT_EQ(result.exit_status, kExitStoppedEarly) << result.err;
  }
};

TEST_F(Resume, InterruptedAnywhereItEndsBitForBitAlike) {
  const bool is_long = Interruptions(0) > 0;
  Rng rng(7);
  std::map<std::string, int> falls;
  int num_hit = 0;
  int num_torn = 0;
  int num_stopped = 0;
  for (const int ranks : is_long ? std::vector<int>{1, 2, 4} : std::vector<int>{1, 2}) {
    const int started_as = ranks == 1 ? 0 : ranks;  // without mpirun
    const std::string undisturbed = "undisturbed" + std::to_string(ranks);
    const Stopwatch clock;
    const CommandResult whole = test::RunCommand(Command(started_as, undisturbed, kEverything));
    ASSERT_EQ(whole.exit_status, 0) << whole.err;
    test::KillTimes kills(clock.Seconds());
    for (int i = 0; i < Interruptions(5); ++i) {
      const Blow blow = kBlows.at(static_cast<size_t>(i) % kBlows.size());
      const std::string run_dir = undisturbed + "_" + std::to_string(i);
      const Words command = Command(started_as, run_dir, kEverything);
      const Fall fall =
          RunAndStrike(command, run_dir, ranks, blow, kills.Seconds(rng.Uniform(0.05, 0.95)), rng);
      kills.Note(fall.exit_status != 0);
      num_hit += fall.exit_status != 0 ? 1 : 0;
      num_torn += fall.tore_save ? 1 : 0;
      num_stopped += fall.exit_status == kExitStoppedEarly ? 1 : 0;
      const CommandResult resumed = test::RunCommand(command);
      ASSERT_EQ(resumed.exit_status, 0) << resumed.err;
      ExpectSameEnd(run_dir, undisturbed);
      std::printf("%d ranks, %s: exit status %d%s\n", ranks,
                  kBlowNames.at(static_cast<size_t>(blow)), fall.exit_status,
                  fall.tore_save ? ", a checkpoint half written" : "");
      fs::remove_all(At(run_dir));
    }
  }
  std::printf("%d interruptions hit, %d of them tore a checkpoint, %d ended in one\n", num_hit,
              num_torn, num_stopped);
  EXPECT_GE(num_hit, 3) << "the test did not hit";
}

// Dropout draws its mask in each step, and a resumed run draws the same.
TEST_F(Resume, DropoutGoesOnWhereItWas) {
  const Words i3d = {"--model", "i3d", "--epochs", "1"};
  for (const int ranks : {0, 2}) {
    const std::string whole = "dropping" + std::to_string(ranks);
    const std::string stopped = whole + "_stopped";
    ASSERT_EQ(test::RunCommand(Command(ranks, whole, i3d)).exit_status, kExitDone);
    TrainTo(1, ranks, stopped, i3d);
    ASSERT_EQ(test::RunCommand(Command(ranks, stopped, i3d)).exit_status, kExitDone);
    EXPECT_TRUE(ReadFile(At(stopped) + "/checkpoints/latest/model.safetensors") ==
                ReadFile(At(whole) + "/checkpoints/latest/model.safetensors"))
        << ranks << " ranks";
  }
}

TEST_F(Resume, APassportThatIsLostStaysInTheCheckpoint) {
  const Words settings = {"--epochs", "1"};
  const fs::path passport = fs::path(Shards()) / Passport::kFileName;
  const std::string text = ReadFile(passport);
  const auto carried = [](const std::string& run_dir) {
    return PassportOfTraining(fs::path(At(run_dir)) / "checkpoints/latest");
  };
  TrainTo(1, 0, "lost", settings);
  fs::remove(passport);
  EXPECT_EQ(test::RunCommand(Command(0, "lost", settings)).exit_status, kExitDone);
  ASSERT_TRUE(carried("lost").has_value());
  EXPECT_EQ(FormatPassport(*carried("lost")), text);
  WriteFileAtomically(passport, "{");
  EXPECT_EQ(test::RunCommand(Command(0, "damaged", settings)).exit_status, kExitDone);
  EXPECT_FALSE(carried("damaged").has_value());
  WriteFileAtomically(passport, text);
}

// Loads the epoch's batches from a step on, as resume does. Each line is "step video frame
// checksum".
TEST_F(Resume, AnyNumberOfRanksGoesOnWithTheSameClips) {
  for (const char* micro_batch : {"0", "3"}) {
    std::string expected;
    for (const char* ranks : {"1", "2", "4"}) {
      const CommandResult result =
          test::RunCommand({"mpirun", "--oversubscribe", "-n", ranks, REEL3D_LIST_CLIPS, Shards(),
                            /*epoch=*/"2", /*first_step=*/"1", micro_batch});
      ASSERT_EQ(result.exit_status, 0) << result.err;
      ASSERT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 16) << result.out;
      expected = expected.empty() ? result.out : expected;
      EXPECT_EQ(result.out, expected) << ranks << " ranks, micro-batches of " << micro_batch;
    }
  }
}

// The number of ranks grows and shrinks at different steps of the epoch.
TEST_F(Resume, AnyNumberOfRanksGoesOnWithTheSameWeights) {
  const Words settings = {"--bn",     "sync", "--sample-size",      "48", "--lr",        "0.002",
                          "--epochs", "4",    "--checkpoint-steps", "1",  "--keep-last", "99"};
  TrainTo(9, 4, "four", settings);
  for (const int step : {5, 7, 9}) {
    ExpectSameStep("four", step, /*ranks=*/2, settings);
  }
  for (const int step : {6, 8}) {
    ExpectSameStep("four", step, /*ranks=*/1, settings);
  }
  Fork("four", 4, "back");
  TrainTo(6, 2, "back", settings);
  TrainTo(7, 1, "back", settings);
  ExpectSameStep("back", 7, /*ranks=*/4, settings);
  EXPECT_GT(test::RelativeDifference(Tensors("four", "../step-0000000004/model.safetensors"),
                                     Tensors("four", "model.safetensors")),
            1e-3)
      << "five steps must have moved them by far more";
}

}  // namespace
}  // namespace reel3d
