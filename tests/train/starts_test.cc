// A training that is killed several times records where its time went (starts.jsonl), and the parts
// add up to the wall clock.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/wall_clock.h"
#include "lib/ledger/goodput.h"
#include "tests/train/interrupted_run.h"

namespace reel3d::test {
namespace {

class StartsOfTraining : public InterruptedRun {
 protected:
  static std::vector<StartRecord> StartsOf(const std::string& run_dir) {
    return ReadStarts(fs::path(At(run_dir)) / kStartsFile);
  }

  // Starts the run, and kills it when its newest start, number `count`, has recorded `steps` steps.
  static void KillAfter(const std::string& run_dir, size_t count, int64_t steps,
                        const Words& more) {
    auto ended = std::async(std::launch::async, [&] { RunCommand(Command(0, run_dir, more)); });
    EXPECT_TRUE(WaitUntil([&] {
      const std::vector<StartRecord> starts = StartsOf(run_dir);
      return starts.size() == count && starts.back().step - starts.back().first_step >= steps;
    }));
    for (const int process : ProcessesOf(run_dir)) {
      kill(process, SIGKILL);
    }
    ended.wait();
  }
};

TEST_F(StartsOfTraining, AddUpToTheWallClock) {
  const double began_s = SecondsSince1970();
  // Without validation no epoch is the best, so nothing is saved but what is asked for.
  const Words unsaved = {"--epochs",   "100000",   "--checkpoint-epochs", "90000",
                         "--schedule", "constant", "--validation-every",  "0"};
  Words saving = unsaved;
  saving.insert(saving.end(), {"--checkpoint-steps", "2"});
  KillAfter("killed", 1, 4, unsaved);
  KillAfter("killed", 2, 4, saving);
  KillAfter("killed", 3, 4, saving);
  Words last = saving;
  last.insert(last.end(), {"--stop-after-steps", "1"});  // reached before, so it stops at once
  const CommandResult result = RunCommand(Command(2, "killed", last));
  EXPECT_EQ(result.exit_status, 75) << result.err;

  const std::optional<Goodput> goodput = ReadGoodput(At("killed"));
  ASSERT_TRUE(goodput);
  ASSERT_EQ(goodput->jobs.size(), 4U);
  EXPECT_NEAR(Total(goodput->parts), goodput->wall_s, 0.01 * goodput->wall_s);
  EXPECT_LE(goodput->jobs.front().began_s + goodput->wall_s, SecondsSince1970());
  EXPECT_GE(goodput->jobs.front().began_s, began_s - 1);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(goodput->jobs[i].end, "") << "killed";
  }
  EXPECT_EQ(goodput->jobs[3].end, kEndStopped);
  EXPECT_EQ(goodput->jobs[3].ranks, 2);
  // Nothing was saved in the first start, and later ones have saved every second step.
  EXPECT_EQ(goodput->jobs[0].kept_steps, 0);
  EXPECT_GE(goodput->jobs[0].lost_steps, 4);
  EXPECT_GT(In(goodput->jobs[0].parts, Part::kLost), 0);
  EXPECT_EQ(goodput->jobs[1].first_step, 0);
  EXPECT_GE(goodput->jobs[1].kept_steps, 2);
  EXPECT_GE(goodput->jobs[2].first_step, goodput->jobs[1].kept_steps);
  EXPECT_GT(In(goodput->parts, Part::kKept), 0);
  EXPECT_GT(In(goodput->parts, Part::kStart), 0);
  EXPECT_EQ(In(goodput->parts, Part::kUnsaved), 0);

  const CommandResult shown =
      RunCommand({ToolPath("inspect-file").string(), At("killed") + "/" + kStartsFile});
  EXPECT_EQ(shown.exit_status, 0) << shown.err;
  EXPECT_THAT(shown.out, ::testing::HasSubstr("computed steps that count"));
}

}  // namespace
}  // namespace reel3d::test
