// Reads what a real Slurm 22.05 has printed (slurm_says), changed where the test says so.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/file.h"
#include "lib/cluster/checks.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class SlurmLimits : public testing::Test {
 protected:
  static std::string Said(const std::string& file) {
    return ReadFile(test::SourceFolder() / "tests/cluster/slurm_says" / file);
  }
  // Replaces the value of a line of the configuration.
  void Set(const std::string& key, const std::string& value) {
    const size_t line = says_.config.find("\n" + key + " ");
    ASSERT_NE(line, std::string::npos) << key;
    const size_t from = says_.config.find('=', line) + 1;
    says_.config.replace(from, says_.config.find('\n', from) - from, " " + value);
  }
  Finding Judge() const {
    const ClusterCheck check = SlurmCheck();
    ClusterProbe probe;
    probe.ask_slurm = [this] { return says_; };
    Observations ranks = {check.observe(probe, {})};
    probe.rank = 1;
    probe.ask_slurm = [] { return SlurmTexts{"MaxArraySize = 1\n", "", "", ""}; };
    ranks.push_back(check.observe(probe, {}));  // the main rank alone asks
    return check.judge(ranks, {});
  }

  SlurmTexts says_ = {Said("config.txt"), Said("partition_main.txt") + Said("partition_low.txt"),
                      "low", ""};
};

TEST_F(SlurmLimits, AreStatedIfTheyAreInOrder) {
  Set("PreemptType", "preempt/none");
  const Finding found = Judge();
  EXPECT_EQ(found.verdict, Verdict::kOk) << found.text;
  EXPECT_EQ(found.text,
            "arrays of up to 1001 tasks, 10000 jobs in all, 3 s to end after scancel (KillWait)");
  Set("SchedulerParameters", "bf_interval=30,max_array_tasks=64,default_queue_depth=100");
  says_.submit = "500\n";
  EXPECT_EQ(Judge().text,
            "arrays of up to 64 tasks, 10000 jobs in all, 500 of this account, 3 s to end after "
            "scancel (KillWait)");
}

TEST_F(SlurmLimits, NoneWithoutSlurm) {
  says_ = {};
  EXPECT_EQ(Judge().verdict, Verdict::kNotAsked);
}

TEST_F(SlurmLimits, APreemptionWithoutTimeIsNamed) {
  says_.partitions.replace(says_.partitions.find("PriorityTier=1"), 14, "PriorityTier=9");
  const Finding found = Judge();
  EXPECT_EQ(found.verdict, Verdict::kWarn);
  EXPECT_THAT(found.text, HasSubstr("may preempt jobs of this partition 3 s after it has told"));
  EXPECT_THAT(found.remedy, HasSubstr("--checkpoint-minutes"));
  EXPECT_THAT(found.details, ElementsAre(HasSubstr("3 s before a preemption (GraceTime)")));
  const size_t grace = says_.partitions.find("GraceTime=3");
  says_.partitions.replace(grace, 11, "GraceTime=90");
  EXPECT_EQ(Judge().verdict, Verdict::kOk);
  says_.partitions.replace(grace, 12, "GraceTime=3");
  says_.partitions.replace(says_.partitions.rfind("PreemptMode=CANCEL"), 18, "PreemptMode=OFF");
  EXPECT_EQ(Judge().verdict, Verdict::kOk);
}

TEST_F(SlurmLimits, JobsOfTheHighestTierAreNotPreempted) {
  const std::string limits =
      "arrays of up to 1001 tasks, 10000 jobs in all, 3 s to end after scancel (KillWait)";
  EXPECT_EQ(Judge().text, limits) << "equal tiers do not preempt each other";
  says_.partitions.replace(says_.partitions.find("PriorityTier=1"), 14, "PriorityTier=9");
  EXPECT_EQ(Judge().verdict, Verdict::kWarn);
  says_.partition = "main";
  EXPECT_EQ(Judge().text, limits);
  says_.partition = "gone";
  EXPECT_EQ(Judge().text, limits);
}

TEST_F(SlurmLimits, JobsThatDoNotComeBackAndFewJobsAreNamed) {
  Set("PreemptType", "preempt/none");
  Set("JobRequeue", "0");
  EXPECT_THAT(Judge().text, HasSubstr("JobRequeue=0"));
  EXPECT_THAT(Judge().remedy, HasSubstr("--requeue"));
  says_.submit = "4\n";
  const Finding found = Judge();
  EXPECT_EQ(found.text,
            "4 jobs may be queued (MaxSubmitJobs of the account), a chain of slurm/ with four "
            "tasks has 13");
  EXPECT_THAT(found.details, ElementsAre(HasSubstr("JobRequeue=0"), HasSubstr("arrays of up to")));
  Set("MaxArraySize", "1");
  EXPECT_THAT(Judge().text, HasSubstr("no job arrays"));
  EXPECT_THAT(Judge().remedy, HasSubstr("give TASKS=1"));
  Set("MaxArraySize", "0");  // then not even an array of one task is allowed
  EXPECT_THAT(Judge().text, HasSubstr("no job arrays"));
  EXPECT_THAT(Judge().remedy, AllOf(HasSubstr("--share-work"), Not(HasSubstr("TASKS=1"))));
}

TEST_F(SlurmLimits, WhatIsNoNumberOfSlurmIsNotSaid) {
  Set("PreemptType", "preempt/none");
  for (const char* value : {"", "(null)", "-1", "99999999999999999999", "12abc", "UNLIMITED", "1e3",
                            "\x1b[2J7", "4294967294"}) {
    for (const char* key : {"MaxArraySize", "MaxJobCount", "KillWait", "JobRequeue"}) {
      Set(key, value);
    }
    const Finding found = Judge();
    EXPECT_EQ(found.verdict, Verdict::kOk) << value;
    EXPECT_EQ(found.text, "Slurm states no limits") << value;
  }
  says_.config = std::string("\0= \n=\nMaxArraySize", 18);
  EXPECT_EQ(Judge().text, "Slurm states no limits");
}

}  // namespace
}  // namespace reel3d
