// Runs tasks that share the slices of a stage, in this process and in others.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <functional>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "pipeline/support/shared_stage.h"
#include "tests/pipeline/stage_run.h"
#include "tests/test_support.h"

namespace reel3d::test {

namespace fs = std::filesystem;

using SliceWork = std::function<SliceResult(const SliceTurn&)>;

// Fails item 5 of 10 of each third slice. Writes a file for each slice.
inline SliceResult Work(const SliceTurn& turn) {
  const int slice = turn.slice.task;
  WriteFileAtomically(turn.output.folder() / fmt::format("result-{}", slice), "same bytes");
  SliceResult result;
  result.num_items = 10;
  result.report = {{"slices", 1}, {"items", 10}};
  if (slice % 3 == 0) {
    result.failed = {{fmt::format("video-{}-5", slice), "prep", "torn"}};
  }
  return result;
}

class SharedStageTest : public testing::Test {
 protected:
  fs::path Out() const { return folder_ / "out"; }

  StageRun Run(const fs::path& out, bool is_shared, const std::string& input = "1") const {
    StageRun run = RunIn(out, "height = 240\n");
    run.inputs = {{"videos.tsv", input}};
    run.is_shared = is_shared;
    return run;
  }

  bool Share(const SliceWork& work, int num_slices, double max_failed_fraction = 1,
             const std::string& input = "1") const {
    const StageOutput output(Run(Out(), true, input));
    WorkSharing sharing;
    sharing.slices = asked_slices_ > 0 ? asked_slices_ : num_slices;
    sharing.lease_timeout = 5;
    sharing.slice_attempts = attempts_;
    return RunSharedStage({output, sharing, num_slices, max_failed_fraction, work});
  }

  // Shares in another process, which ends with status 0, 1 or, if there is an error, 9.
  pid_t ShareInChild(const SliceWork& work, int num_slices, double max_failed_fraction = 1) const {
    const pid_t child = fork();
    if (child == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      try {
        _exit(Share(work, num_slices, max_failed_fraction) ? 0 : 1);
      } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        _exit(9);
      }
    }
    return child;
  }
  static int StatusOf(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  // Waits until the file is there, or the process has ended.
  static void Await(const fs::path& file, pid_t child) {
    siginfo_t ended = {};
    while (!fs::exists(file) && ended.si_pid == 0) {
      usleep(1000);
      waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOHANG | WNOWAIT);
    }
    ASSERT_TRUE(fs::exists(file)) << file;
  }

  std::string ErrorOf(const SliceWork& work, int num_slices) const {
    try {
      Share(work, num_slices);
      return "";
    } catch (const Error& error) {
      return error.what();
    }
  }
  int64_t Joined(const char* name) const {
    return ReadJsonObject(Out() / "report.json").at(name).get<int64_t>();
  }
  void ExpectComplete(int num_slices) const {
    EXPECT_TRUE(fs::exists(Out() / "DONE"));
    EXPECT_FALSE(fs::exists(Out() / "leases"));
    EXPECT_EQ(Joined("slices"), num_slices);
    EXPECT_EQ(Joined("items"), 10 * num_slices);
    EXPECT_THAT(ParseFailedItems(ReadFile(Out() / "failed.tsv"), ""),
                testing::SizeIs((num_slices + 2) / 3));
  }

  TemporaryFolder folder_;
  int attempts_ = 3;
  int asked_slices_ = 0;  // --share-work; 0: as many as there are
};

}  // namespace reel3d::test
