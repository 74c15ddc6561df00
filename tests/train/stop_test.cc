// Checks when train-r3d stops by itself, and what it does while a checkpoint is being written.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <csignal>
#include <ctime>
#include <future>

#include "lib/base/error.h"
#include "lib/base/launched_rank.h"
#include "tests/train/interrupted_run.h"

namespace reel3d::test {
namespace {

using testing::HasSubstr;

class Stop : public InterruptedRun {
 protected:
  // Runs `command` in a job that ends in `left_s` seconds.
  static CommandResult RunInJob(const Words& command, int64_t left_s) {
    return RunCommand(command,
                      {"SLURM_JOB_END_TIME=" + std::to_string(std::time(nullptr) + left_s)});
  }
};

TEST_F(Stop, BeforeTheAllocationEnds) {
  const Words limit = {"--stop-before-end", "5"};
  Words endless = limit;
  endless.insert(endless.end(), {"--epochs", "100000", "--lr", "0.001"});
  const CommandResult stopped = RunInJob(Command(2, "ending", endless), 4 * 60);
  EXPECT_EQ(stopped.exit_status, kExitStoppedEarly) << stopped.err;
  EXPECT_THAT(stopped.err, HasSubstr("the job ends in "));
  EXPECT_TRUE(fs::exists(At("ending") + "/checkpoints/step-0000000001/DONE"));
  const CommandResult ended = RunInJob(Command(2, "long_job", limit), 24 * 3600);
  EXPECT_EQ(ended.exit_status, kExitDone) << ended.err;
  const CommandResult no_job =
      RunCommand(Command(0, "no_job", limit), {"SLURM_JOB_END_TIME=", "SLURM_JOB_ID="});
  EXPECT_EQ(no_job.exit_status, kExitDone) << no_job.err;
  EXPECT_THAT(no_job.err, HasSubstr("neither SLURM_JOB_END_TIME nor squeue says when"));
}

// The run stops before the validation, even after the last step of an epoch or of the run. The
// resumed run does the validation.
TEST_F(Stop, BeforeTheValidation) {
  ASSERT_EQ(RunCommand(Command(2, "not_stopped")).exit_status, kExitDone);
  for (const char* steps : {"3", "6"}) {
    const std::string run_dir = std::string("stopped_at_") + steps;
    const Words limit = {"--stop-after-steps", steps};
    const CommandResult stopped = RunCommand(Command(2, run_dir, limit));
    EXPECT_EQ(stopped.exit_status, kExitStoppedEarly) << stopped.err;
    const std::string last_epoch = std::string("epoch ") + (*steps == '3' ? "1" : "2") + " of 2";
    EXPECT_THAT(stopped.err, testing::Not(HasSubstr(last_epoch)));
    EXPECT_EQ(fs::read_symlink(At(run_dir) + "/checkpoints/latest"),
              std::string("step-000000000") + steps);
    // The file looks as if the run had also been killed after the validation and before its
    // checkpoint.
    const std::string metrics = At(run_dir) + "/metrics.jsonl";
    WriteFileAtomically(metrics, ReadFile(metrics) + "{\"step\":" + steps + "}\n");
    const CommandResult ended = RunCommand(Command(2, run_dir));
    EXPECT_EQ(ended.exit_status, kExitDone) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr(last_epoch));
    ExpectSameEnd(run_dir, "not_stopped");
  }
}

// oneDNN's products for AVX2 go wrong if a signal handler runs on their stack (stop_signal.h). The
// requests come as often as they can be sent; run-ranks, too, repeats its requests.
TEST_F(Stop, RequestsDisturbNoProduct) {
  const Words settings = {"--width", "0.25", "--sample-size", "64",
                          "--batch", "24",   "--epochs",      "5"};
  const Words environment = {"ONEDNN_MAX_CPU_ISA=AVX2", std::string(kRunRanksVariable) + "=1"};
  ASSERT_EQ(RunCommand(Command(0, "calm", settings), environment).exit_status, kExitDone);
  auto job = std::async(std::launch::async,
                        [&] { return RunCommand(Command(0, "hammered", settings), environment); });
  EXPECT_TRUE(WaitUntil([] { return fs::exists(At("hammered") + "/metrics.jsonl"); }));
  const std::vector<int> processes = ProcessesOf("hammered");
  ASSERT_EQ(processes.size(), 1U);
  while (job.wait_for(std::chrono::microseconds(200)) != std::future_status::ready) {
    kill(processes[0], SIGUSR1);
  }
  const CommandResult stopped = job.get();
  EXPECT_EQ(stopped.exit_status, kExitStoppedEarly) << stopped.err;
  ASSERT_EQ(RunCommand(Command(0, "hammered", settings), environment).exit_status, kExitDone);
  ExpectSameEnd("hammered", "calm");
}

// The disk accepts a checkpoint only when the test allows it.
TEST_F(Stop, NotForACheckpointThatIsBeingWritten) {
  const Words settings = {"--checkpoint-steps",  "2", "--keep-last", "9",
                          "--tensorboard-every", "1"};
  const std::string gate = At("gate");
  auto job = std::async(std::launch::async, [&] {
    return RunCommand(
        Command(2, "slow_disk", settings),
        {std::string("LD_PRELOAD=") + REEL3D_STALLING_READS, "REEL3D_CHECKPOINTS_AFTER=" + gate});
  });
  const bool went_on = WaitUntil([] {
    const fs::path curves = At("slow_disk") + "/tensorboard";
    return fs::exists(curves) && Curve(curves, "optimizer/lr").size() == 3;
  });
  EXPECT_TRUE(went_on) << "the third step waits for the checkpoint of the second";
  EXPECT_FALSE(fs::exists(At("slow_disk") + "/checkpoints/latest"));
  WriteFileAtomically(gate, "open");
  const CommandResult result = job.get();
  ASSERT_EQ(result.exit_status, kExitDone) << result.err;
  ASSERT_EQ(RunCommand(Command(2, "fast_disk", settings)).exit_status, kExitDone);
  ExpectSameEnd("slow_disk", "fast_disk");
  // This file is written after the model, so only after the gate opened.
  const std::string written_late = "/checkpoints/step-0000000002/optimizer.safetensors";
  EXPECT_TRUE(ReadFile(At("slow_disk") + written_late) == ReadFile(At("fast_disk") + written_late))
      << "it holds what training did meanwhile";
}

}  // namespace
}  // namespace reel3d::test
