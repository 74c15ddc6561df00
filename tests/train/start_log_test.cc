// A StartLog records Slurm's moments, its checkpoints, and how its start ended.
// SPDX-License-Identifier: Apache-2.0
#include "lib/train/log/start_log.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/test_support.h"

namespace reel3d {
namespace {

class StartLogTest : public ::testing::Test {
 protected:
  ~StartLogTest() override {
    for (const char* variable : {"SLURM_JOB_ID", kEligibleVariable, kJobStartVariable}) {
      unsetenv(variable);
    }
  }
  StartRecord Only() const {
    const std::vector<StartRecord> starts = ReadStarts(folder_ / kStartsFile);
    EXPECT_EQ(starts.size(), 1U);
    return starts.empty() ? StartRecord() : starts.front();
  }

  test::TemporaryFolder folder_;
  PhaseClock phases_;
};

TEST_F(StartLogTest, HasSlurmsMoments) {
  setenv("SLURM_JOB_ID", "4711", 1);
  setenv(kEligibleVariable, "1700000000", 1);
  setenv(kJobStartVariable, "1700000100.5", 1);
  {
    StartLog log(folder_.path(), phases_, "node7", 8);
    log.NoteEnd(kEndComplete);
  }
  const StartRecord start = Only();
  EXPECT_EQ(start.job, "4711");
  EXPECT_EQ(start.host, "node7");
  EXPECT_EQ(start.ranks, 8);
  EXPECT_EQ(start.end, kEndComplete);
  EXPECT_DOUBLE_EQ(start.eligible_s, 1700000000);
  EXPECT_DOUBLE_EQ(start.job_start_s, 1700000100.5);
  EXPECT_GT(start.began_s, start.job_start_s);
}

TEST_F(StartLogTest, TakesNoNonsenseForMoments) {
  setenv(kEligibleVariable, "Unknown", 1);
  setenv(kJobStartVariable, "-5", 1);
  { const StartLog log(folder_.path(), phases_, "node7", 1); }
  EXPECT_EQ(Only().eligible_s, 0);
  EXPECT_EQ(Only().job_start_s, 0);
  EXPECT_EQ(Only().job, "");
}

TEST_F(StartLogTest, AStartWhoseEndNobodyNotedHasFailed) {
  { const StartLog log(folder_.path(), phases_, "node7", 1); }
  EXPECT_EQ(Only().end, kEndFailed);
  EXPECT_EQ(Only().first_step, -1);
}

TEST_F(StartLogTest, StepsOfSavesRiseAfterARollBackToo) {
  {
    StartLog log(folder_.path(), phases_, "node7", 1);
    log.NoteFirstStep(0);
    for (const int64_t step : {10, 20, 15, 15, 30, 40}) {
      phases_.SetStep(step);
      log.NoteSave(step);
    }
  }
  const StartRecord start = Only();
  ASSERT_EQ(start.saves.size(), kMostSavePoints);
  EXPECT_EQ(start.saves[0].step, 15);
  EXPECT_EQ(start.saves[2].step, 40);
}

}  // namespace
}  // namespace reel3d
