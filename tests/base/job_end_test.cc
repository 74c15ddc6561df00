// SPDX-License-Identifier: Apache-2.0
#include "lib/base/job_end.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>

#include "lib/base/file.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

class JobEnd : public testing::Test {
 protected:
  JobEnd() {
    setenv("PATH", (folder_.path().string() + ":" + path_).c_str(), 1);
    setenv("TZ", "CET-1", 1);
    unsetenv("SLURM_JOB_END_TIME");
    setenv("SLURM_JOB_ID", "42", 1);
  }
  ~JobEnd() override {
    setenv("PATH", path_.c_str(), 1);
    for (const char* name : {"TZ", "SLURM_JOB_END_TIME", "SLURM_JOB_ID"}) {
      unsetenv(name);
    }
  }

  // Makes a squeue that states this end for job 42 and nothing for other jobs.
  void SqueueSays(const std::string& end) {
    const std::string squeue = folder_ / "squeue";
    WriteFileAtomically(squeue, "#!/bin/sh\n[ \"$2\" = --jobs=42 ] && echo '" + end + "'\n");
    chmod(squeue.c_str(), 0700);
  }

  const test::TemporaryFolder folder_;
  const std::string path_ = std::getenv("PATH");
};

TEST_F(JobEnd, IsWhatSlurmSays) {
  SqueueSays("2026-01-01T01:00:00");
  EXPECT_EQ(JobEndTime(), 1767225600);
  setenv("SLURM_JOB_END_TIME", "1800000000", 1);
  EXPECT_EQ(JobEndTime(), 1800000000) << "asks nobody then";
}

TEST_F(JobEnd, MayBeUnknown) {
  SqueueSays("NONE");
  EXPECT_EQ(JobEndTime(), std::nullopt) << "no time limit";
  SqueueSays("");
  EXPECT_EQ(JobEndTime(), std::nullopt);
  setenv("SLURM_JOB_END_TIME", "soon", 1);
  EXPECT_EQ(JobEndTime(), std::nullopt);
  unsetenv("SLURM_JOB_ID");
  SqueueSays("2026-01-01T01:00:00");
  EXPECT_EQ(JobEndTime(), std::nullopt) << "no job";
  setenv("SLURM_JOB_ID", "42; touch harm", 1);
  EXPECT_EQ(JobEndTime(), std::nullopt);
  EXPECT_FALSE(std::filesystem::exists("harm"));
}

}  // namespace
}  // namespace reel3d
