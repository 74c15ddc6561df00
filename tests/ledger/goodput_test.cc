// Tests where the time of a training went: the parts of made-up starts are known, and add up to the
// wall clock.
// SPDX-License-Identifier: Apache-2.0
#include "lib/ledger/goodput.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "lib/base/file.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using ::testing::HasSubstr;

WorkSeconds Seconds(double start, double steps, double data, double ranks, double validation,
                    double saves) {
  return {start, steps, data, ranks, validation, saves};
}

// A start that began at `began_s` and did the steps from `first` to `last`, all without a break.
StartRecord Start(double began_s, int64_t first, int64_t last, const WorkSeconds& seconds) {
  StartRecord start;
  start.began_s = began_s;
  start.at_s = began_s + Total(seconds);
  start.first_step = first;
  start.step = last;
  start.seconds = seconds;
  return start;
}

void ExpectAddsUp(const Goodput& goodput) {
  EXPECT_NEAR(Total(goodput.parts), goodput.wall_s, 0.01 * goodput.wall_s);
  double wall_s = 0;
  PartSeconds parts{};
  for (const JobTimes& job : goodput.jobs) {
    EXPECT_NEAR(Total(job.parts), job.wall_s, 0.01 * job.wall_s + 1e-6);
    wall_s += job.wall_s;
    for (size_t part = 0; part < kNumParts; ++part) {
      EXPECT_GE(job.parts[part], -1e-9) << PartKey(static_cast<Part>(part));
      parts[part] += job.parts[part];
    }
  }
  EXPECT_NEAR(wall_s, goodput.wall_s, 1e-6);
  for (size_t part = 0; part < kNumParts; ++part) {
    EXPECT_NEAR(parts[part], goodput.parts[part], 1e-6);
  }
}

TEST(Goodput, OfAnUndisturbedRunIsWhatItsLoopDid) {
  StartRecord start = Start(1000, 0, 60, Seconds(5, 60, 20, 10, 3, 2));
  start.end = kEndComplete;
  const Goodput goodput = AddUp({start}, 60);
  EXPECT_DOUBLE_EQ(goodput.wall_s, 100);
  EXPECT_DOUBLE_EQ(goodput.share(), 0.6);
  EXPECT_DOUBLE_EQ(In(goodput.parts, Part::kData), 20);
  EXPECT_DOUBLE_EQ(In(goodput.parts, Part::kRanks), 10);
  EXPECT_DOUBLE_EQ(In(goodput.parts, Part::kValidation), 3);
  EXPECT_DOUBLE_EQ(In(goodput.parts, Part::kSaves), 2);
  EXPECT_DOUBLE_EQ(In(goodput.parts, Part::kStart), 5);
  EXPECT_EQ(goodput.jobs[0].kept_steps, 60);
  EXPECT_EQ(goodput.jobs[0].lost_steps, 0);
  ExpectAddsUp(goodput);
}

TEST(Goodput, StepsAfterTheCheckpointOfTheNextStartAreLost) {
  StartRecord killed = Start(1000, 0, 50, Seconds(10, 50, 10, 5, 0, 5));
  killed.saves = {{20, Seconds(10, 20, 4, 2, 0, 1)}, {40, Seconds(10, 40, 8, 4, 0, 5)}};
  StartRecord next = Start(1200, 40, 60, Seconds(10, 20, 4, 2, 0, 1));
  next.end = kEndComplete;
  const Goodput goodput = AddUp({killed, next}, 60);
  EXPECT_EQ(goodput.jobs[0].kept_steps, 40);
  EXPECT_EQ(goodput.jobs[0].lost_steps, 10);
  EXPECT_DOUBLE_EQ(In(goodput.jobs[0].parts, Part::kKept), 40);
  EXPECT_DOUBLE_EQ(In(goodput.jobs[0].parts, Part::kData), 8);
  EXPECT_DOUBLE_EQ(In(goodput.jobs[0].parts, Part::kSaves), 5);
  EXPECT_DOUBLE_EQ(In(goodput.jobs[0].parts, Part::kLost),
                   13);  // 10 of steps, 2 of data, 1 of ranks
  EXPECT_DOUBLE_EQ(In(goodput.jobs[1].parts, Part::kBetween), 120);
  EXPECT_EQ(goodput.jobs[1].kept_steps, 20);
  ExpectAddsUp(goodput);
}

// The checkpoint of step 40 was damaged, so the next start continued from step 20: steps of two
// earlier starts are lost.
TEST(Goodput, AStartFromAnOlderCheckpointTakesStepsOfSeveralStarts) {
  StartRecord first = Start(1000, 0, 30, Seconds(0, 30, 0, 0, 0, 0));
  first.saves = {{10, Seconds(0, 10, 0, 0, 0, 0)}, {30, Seconds(0, 30, 0, 0, 0, 0)}};
  const StartRecord second = Start(1030, 30, 45, Seconds(0, 15, 0, 0, 0, 0));
  const StartRecord third = Start(1045, 20, 50, Seconds(0, 30, 0, 0, 0, 0));
  const Goodput goodput = AddUp({first, second, third}, 50);
  EXPECT_EQ(goodput.jobs[0].kept_steps, 20);
  EXPECT_EQ(goodput.jobs[0].lost_steps, 10);
  EXPECT_DOUBLE_EQ(In(goodput.jobs[0].parts, Part::kKept), 20) << "interpolated";
  EXPECT_EQ(goodput.jobs[1].kept_steps, 0);
  EXPECT_EQ(goodput.jobs[1].lost_steps, 15);
  EXPECT_EQ(goodput.jobs[2].kept_steps, 30);
  ExpectAddsUp(goodput);
}

TEST(Goodput, TheNewestStartHasStepsThatAreNotSavedYet) {
  StartRecord start = Start(1000, 0, 50, Seconds(10, 50, 0, 0, 0, 0));
  start.saves = {{40, Seconds(10, 40, 0, 0, 0, 0)}};
  const Goodput saved = AddUp({start}, 40);
  EXPECT_DOUBLE_EQ(In(saved.parts, Part::kUnsaved), 10);
  EXPECT_EQ(saved.jobs[0].unsaved_steps, 10);
  EXPECT_DOUBLE_EQ(In(saved.parts, Part::kLost), 0);
  const Goodput unsaved = AddUp({start}, std::nullopt);
  EXPECT_DOUBLE_EQ(In(unsaved.parts, Part::kUnsaved), 50);
  EXPECT_EQ(unsaved.jobs[0].kept_steps, 0);
  ExpectAddsUp(unsaved);
  start.end = kEndComplete;
  EXPECT_DOUBLE_EQ(AddUp({start}, std::nullopt).share(), 5.0 / 6) << "checkpoints removed later";
}

TEST(Goodput, SlurmsMomentsDivideTheTimeBeforeAStart) {
  StartRecord first = Start(1100, 0, 10, Seconds(1, 9, 0, 0, 0, 0));
  first.job = "7";
  first.eligible_s = 1000;
  first.job_start_s = 1080;
  StartRecord second = Start(1300, 10, 20, Seconds(1, 9, 0, 0, 0, 0));
  second.eligible_s = 1150;
  second.job_start_s = 1290;
  const Goodput goodput = AddUp({first, second}, 20);
  EXPECT_DOUBLE_EQ(In(goodput.jobs[0].parts, Part::kQueue), 80);
  EXPECT_DOUBLE_EQ(In(goodput.jobs[0].parts, Part::kStart), 20 + 1);
  EXPECT_DOUBLE_EQ(In(goodput.jobs[0].parts, Part::kBetween), 0);
  EXPECT_DOUBLE_EQ(In(goodput.jobs[1].parts, Part::kBetween), 40);
  EXPECT_DOUBLE_EQ(In(goodput.jobs[1].parts, Part::kQueue), 140);
  EXPECT_DOUBLE_EQ(In(goodput.jobs[1].parts, Part::kStart), 10 + 1);
  EXPECT_DOUBLE_EQ(goodput.wall_s, 310);
  ExpectAddsUp(goodput);
}

// A second start within the same job: its moments lie before the end of the first start.
TEST(Goodput, AJobThatStartsTwiceWasInTheQueueOnce) {
  StartRecord first = Start(1020, 0, 10, Seconds(1, 9, 0, 0, 0, 0));
  StartRecord second = Start(1040, 10, 20, Seconds(1, 9, 0, 0, 0, 0));
  first.eligible_s = second.eligible_s = 1000;
  first.job_start_s = second.job_start_s = 1010;
  const Goodput goodput = AddUp({first, second}, 20);
  EXPECT_DOUBLE_EQ(In(goodput.parts, Part::kQueue), 10);
  EXPECT_DOUBLE_EQ(In(goodput.jobs[1].parts, Part::kStart), 10 + 1);
  ExpectAddsUp(goodput);
}

// The record is written once a second, so a checkpoint may be newer than the last one.
TEST(Goodput, StepsAfterTheLastSignOfLifeAreNotMadeUp) {
  const StartRecord first = Start(1000, 0, 19, Seconds(1, 19, 0, 0, 0, 0));
  const StartRecord second = Start(1021, 20, 40, Seconds(1, 20, 0, 0, 0, 0));
  const Goodput goodput = AddUp({first, second}, 40);
  EXPECT_EQ(goodput.jobs[0].kept_steps, 19);
  EXPECT_EQ(goodput.jobs[0].lost_steps, 0);
  ExpectAddsUp(goodput);
}

TEST(Goodput, AStartThatLoadedNothingLosesNoSteps) {
  const StartRecord first = Start(1000, 0, 10, Seconds(1, 9, 0, 0, 0, 0));
  const StartRecord second = Start(1010, -1, -1, Seconds(4, 0, 0, 0, 0, 0));
  const StartRecord third = Start(1014, 10, 20, Seconds(1, 9, 0, 0, 0, 0));
  const Goodput goodput = AddUp({first, second, third}, 20);
  EXPECT_EQ(goodput.jobs[0].kept_steps, 10);
  EXPECT_EQ(goodput.jobs[1].kept_steps, 0);
  EXPECT_DOUBLE_EQ(In(goodput.jobs[1].parts, Part::kStart), 4);
  ExpectAddsUp(goodput);
}

TEST(Goodput, AClockThatWasSetIsNotHidden) {
  StartRecord start = Start(1000, 0, 10, Seconds(1, 9, 0, 0, 0, 0));
  start.at_s += 3600;
  const Goodput goodput = AddUp({start}, 10);
  EXPECT_DOUBLE_EQ(goodput.unexplained_s, 3600);
  EXPECT_DOUBLE_EQ(ToJson(goodput)["unexplained_s"], 3600);
  EXPECT_THAT(Describe(goodput), HasSubstr("not explained 100 %"));
}

TEST(Goodput, AClockThatWasSetBackTakesNoTimeAway) {
  const StartRecord first = Start(9000, 0, 10, Seconds(1, 9, 0, 0, 0, 0));
  const StartRecord second = Start(5000, 10, 20, Seconds(1, 9, 0, 0, 0, 0));
  const StartRecord third = Start(9015, 20, 30, Seconds(1, 9, 0, 0, 0, 0));
  const Goodput goodput = AddUp({first, second, third}, 30);
  EXPECT_DOUBLE_EQ(goodput.jobs[1].wall_s, 10);
  EXPECT_DOUBLE_EQ(In(goodput.jobs[1].parts, Part::kStart), 1);
  EXPECT_DOUBLE_EQ(In(goodput.jobs[2].parts, Part::kBetween), 5);
  EXPECT_DOUBLE_EQ(goodput.wall_s, 35);
  ExpectAddsUp(goodput);
}

// The second process waits for the run's lock, which the first one holds for 4 more seconds.
TEST(Goodput, TimeInWhichTwoProcessesRanCountsOnce) {
  const StartRecord first = Start(1000, 0, 10, Seconds(1, 9, 0, 0, 0, 0));
  const StartRecord second = Start(1006, 10, 20, Seconds(7, 9, 0, 0, 0, 0));
  const Goodput goodput = AddUp({first, second}, 20);
  EXPECT_DOUBLE_EQ(In(goodput.jobs[1].parts, Part::kStart), 3);
  EXPECT_DOUBLE_EQ(goodput.wall_s, 22);
  EXPECT_DOUBLE_EQ(goodput.unexplained_s, 0);
  ExpectAddsUp(goodput);
}

TEST(Goodput, WithoutAWallClockIsNotKnown) {
  EXPECT_EQ(Describe(AddUp({Start(1000, 0, 0, {})}, 0)), "where the time went is not known");
}

// A training that is killed at random moments: a model of the loop knows what becomes of each
// second.
TEST(Goodput, OfRandomKillsAddsUpToWhatALoopHasSeen) {
  std::mt19937 random(7);
  const auto draw = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  };
  std::vector<StartRecord> starts;
  double now_s = 5000;
  double steps_s = 0;  // all computing, kept or not
  int64_t saved = 0;
  constexpr int64_t kGoal = 2000;
  while (saved < kGoal) {
    now_s += draw(0, 100);
    StartRecord start = Start(now_s, saved, saved, Seconds(draw(1, 20), 0, 0, 0, 0, 0));
    const double life_s = draw(0, 400);
    while (Total(start.seconds) < life_s && saved < kGoal) {
      const double step_s = draw(0.1, 1);
      In(start.seconds, Work::kSteps) += step_s;
      steps_s += step_s;
      In(start.seconds, Work::kData) += draw(0, 0.3);
      In(start.seconds, Work::kRanks) += draw(0, 0.2);
      ++start.step;
      if (start.step % 50 == 0) {
        In(start.seconds, Work::kSaves) += draw(0.5, 2);
        start.saves.push_back({start.step, start.seconds});
        if (start.saves.size() > kMostSavePoints) {
          start.saves.erase(start.saves.begin());
        }
        saved = start.step;
      }
    }
    start.at_s = start.began_s + Total(start.seconds);
    now_s = start.at_s;
    starts.push_back(start);
  }
  ASSERT_GT(starts.size(), 5U);
  const Goodput goodput = AddUp(starts, saved);
  ExpectAddsUp(goodput);
  EXPECT_LT(std::abs(goodput.unexplained_s), 1e-6);
  int64_t kept = 0;
  int64_t lost = 0;
  for (const JobTimes& job : goodput.jobs) {
    kept += job.kept_steps;
    lost += job.lost_steps;
  }
  EXPECT_EQ(kept, kGoal);
  EXPECT_GT(lost, 0);
  EXPECT_LT(In(goodput.parts, Part::kKept), steps_s);
  EXPECT_NEAR(In(goodput.parts, Part::kKept) / steps_s, double(kept) / double(kept + lost), 0.05);
}

TEST(Goodput, FindsTheNewestCompleteCheckpoint) {
  const test::TemporaryFolder folder;
  const std::filesystem::path run = folder / "train";
  MakeFolders(run / "checkpoints/step-0000000040");
  MakeFolders(run / "checkpoints/step-0000000050");  // not complete
  WriteFileAtomically(run / "checkpoints/step-0000000040/DONE", "");
  EXPECT_FALSE(ReadGoodput(run));
  StartRecord start = Start(1000, 0, 50, Seconds(10, 50, 0, 0, 0, 0));
  start.saves = {{40, Seconds(10, 40, 0, 0, 0, 0)}, {50, Seconds(10, 50, 0, 0, 0, 0)}};
  WriteFileAtomically(run / kStartsFile, FormatStart(start));
  const std::optional<Goodput> goodput = ReadGoodput(run);
  ASSERT_TRUE(goodput);
  EXPECT_DOUBLE_EQ(In(goodput->parts, Part::kKept), 40);
  EXPECT_THAT(Describe(*goodput),
              HasSubstr("67 % of 1 min 00 s computed steps that count; not saved yet 17 %, "
                        "starting 17 %"));
}

}  // namespace
}  // namespace reel3d
