// Checks that tasks which share the slices of a stage give the result of one task, whichever of
// them are slow, are killed, fail, or start late.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/shared_stage.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <functional>
#include <map>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/rng.h"
#include "lib/lease/lease_folder.h"
#include "pipeline/support/stage_tasks.h"
#include "tests/pipeline/stage_run.h"
#include "tests/test_support.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::SizeIs;

using SliceWork = std::function<SliceResult(const SliceTurn&)>;

// Fails item 5 of 10 of each third slice. Writes a file for each slice.
SliceResult Work(const SliceTurn& turn) {
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
    StageRun run = test::RunIn(out, "height = 240\n");
    run.inputs = {{"videos.tsv", input}};
    run.is_shared = is_shared;
    return run;
  }

  bool Share(const SliceWork& work, int num_slices, double max_failed_fraction = 1,
             const std::string& input = "1") const {
    const StageOutput output(Run(Out(), true, input));
    WorkSharing sharing;
    sharing.slices = num_slices;
    sharing.lease_timeout = 5;
    sharing.slice_attempts = attempts_;
    return RunSharedStage({output, sharing, num_slices, max_failed_fraction, work});
  }

  // Shares in another process, which ends with status 0, 1 or, if there is an error, 9.
  pid_t ShareInChild(const SliceWork& work, int num_slices) const {
    const pid_t child = fork();
    if (child == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      try {
        _exit(Share(work, num_slices) ? 0 : 1);
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
    EXPECT_THAT(ParseFailedItems(ReadFile(Out() / "failed.tsv"), ""), SizeIs((num_slices + 2) / 3));
  }

  test::TemporaryFolder folder_;
  int attempts_ = 3;
};

TEST_F(SharedStageTest, TheSameFilesAsFixedShares) {
  constexpr int kSlices = 7;
  EXPECT_TRUE(Share(Work, kSlices));
  ExpectComplete(kSlices);
  const fs::path fixed = folder_ / "fixed";
  for (int task = 0; task < kSlices; ++task) {
    StageRun run = Run(fixed, false);
    run.slice.task = task;
    run.slice.tasks = kSlices;
    const StageOutput output(run);
    const SliceResult result = Work({output, run.slice, nullptr});
    output.Finish(result.report, result.failed,
                  {10, static_cast<int64_t>(result.failed.size()), 1});
  }
  int num_files = 0;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(fixed)) {
    if (entry.is_regular_file() && entry.path().filename() != "report.json") {
      const fs::path file = Out() / fs::relative(entry.path(), fixed);
      EXPECT_EQ(ReadFile(file), ReadFile(entry.path())) << file;
      ++num_files;
    }
  }
  EXPECT_GE(num_files, 3 * kSlices);
}

// Each process is killed at any moment. Every slice must count once in the result.
TEST_F(SharedStageTest, ManyKillsLoseNothing) {
  constexpr int kSlices = 120;
  constexpr int kTasks = 6;
  constexpr int kKills = 40;
  attempts_ = kKills + 1;  // random kills may hit the same slice
  const auto work = [](const SliceTurn& turn) {
    usleep(10'000);
    turn.notes->CountFinished();
    return Work(turn);
  };
  std::vector<pid_t> tasks;
  for (int task = 0; task < kTasks; ++task) {
    tasks.push_back(ShareInChild(work, kSlices));
  }
  Rng rng(1);
  for (int i = 0; i < kKills && !fs::exists(Out() / "DONE"); ++i) {
    usleep(static_cast<useconds_t>(rng.Below(20'000)));
    pid_t& victim = tasks[static_cast<size_t>(rng.Below(kTasks))];
    kill(victim, SIGKILL);
    StatusOf(victim);
    victim = ShareInChild(work, kSlices);
  }
  for (const pid_t task : tasks) {
    EXPECT_EQ(StatusOf(task), 0);
  }
  ExpectComplete(kSlices);
}

// A task that is stuck in its slice keeps nothing else from being done.
TEST_F(SharedStageTest, OthersDoTheShareOfASlowTask) {
  constexpr int kSlices = 12;
  const auto slow = [this](const SliceTurn& turn) {
    WriteFileAtomically(folder_ / "slow-has-begun", "");
    int num_done = 0;
    for (int tries = 0; tries < 3000 && num_done < kSlices - 1; ++tries) {
      usleep(10'000);
      num_done = 0;
      for (int slice = 0; slice < kSlices; ++slice) {
        num_done += fs::exists(FolderOfTask(Out(), slice, kSlices) / "DONE") ? 1 : 0;
      }
    }
    if (num_done < kSlices - 1) {
      throw EnvironmentError("the others did not go on");
    }
    return Work(turn);
  };
  const pid_t task = ShareInChild(slow, kSlices);
  while (!fs::exists(folder_ / "slow-has-begun")) {
    usleep(1000);
  }
  EXPECT_TRUE(Share(Work, kSlices));
  EXPECT_EQ(StatusOf(task), 0);
  ExpectComplete(kSlices);
}

TEST_F(SharedStageTest, ASliceThatAlwaysKillsItsTaskIsGivenUp) {
  const auto poison = [](const SliceTurn& turn) {
    if (turn.slice.task == 2) {
      turn.notes->Begin("poisoned_video");
      kill(getpid(), SIGKILL);
    }
    return Work(turn);
  };
  for (int attempt = 0; attempt < 3; ++attempt) {
    EXPECT_EQ(StatusOf(ShareInChild(poison, 4)), 128 + SIGKILL);
  }
  EXPECT_THAT(ErrorOf(poison, 4),
              AllOf(HasSubstr("given up after 3 attempts"), HasSubstr("slice 2 "),
                    HasSubstr("at work on poisoned_video"), HasSubstr("leases/0002.ended-*")));
  const std::optional<SharingState> state = ReadSharingState(Out());
  ASSERT_TRUE(state);
  EXPECT_EQ(state->num_slices, 4);
  EXPECT_EQ(state->num_done, 3);
  EXPECT_EQ(state->num_at_work, 0);
  ASSERT_THAT(state->ended, SizeIs(3));
  EXPECT_THAT(state->ended[0], HasSubstr("slice 0002: process"));
  EXPECT_FALSE(fs::exists(Out() / "DONE"));
  // The remedy that the message names.
  LeaseFolder(Out() / "leases", {}).ForgetEnded("0002");
  EXPECT_TRUE(Share(Work, 4));
  ExpectComplete(4);
}

TEST_F(SharedStageTest, ASliceThatHasEndedATaskComesLast) {
  EXPECT_EQ(ErrorOf([](const SliceTurn&) -> SliceResult { throw EnvironmentError("full"); }, 4),
            "full");
  std::vector<int> order;
  const auto note = [&](const SliceTurn& turn) {
    order.push_back(turn.slice.task);
    return Work(turn);
  };
  EXPECT_TRUE(Share(note, 4));
  EXPECT_THAT(order, testing::ElementsAre(1, 2, 3, 0));
}

TEST_F(SharedStageTest, AttemptsThatFinishItemsDoNotCount) {
  int num_calls = 0;
  const auto slowly = [&](const SliceTurn& turn) {
    turn.notes->CountFinished();
    if (++num_calls < 10) {
      throw EnvironmentError("the disk is full");
    }
    return Work(turn);
  };
  for (int attempt = 1; attempt < 10; ++attempt) {
    EXPECT_EQ(ErrorOf(slowly, 2), "the disk is full");
  }
  EXPECT_TRUE(Share(slowly, 2));
  ExpectComplete(2);
}

TEST_F(SharedStageTest, ALateTaskChangesNothing) {
  EXPECT_TRUE(Share(Work, 3));
  const fs::file_time_type done = fs::last_write_time(Out() / "DONE");
  EXPECT_TRUE(Share([](const SliceTurn&) -> SliceResult { throw UsageError("not again"); }, 3));
  EXPECT_EQ(fs::last_write_time(Out() / "DONE"), done);
  ExpectComplete(3);
}

TEST_F(SharedStageTest, OtherInputsAreOtherWork) {
  EXPECT_TRUE(Share(Work, 3));
  int num_calls = 0;
  const auto count = [&](const SliceTurn& turn) {
    ++num_calls;
    EXPECT_FALSE(fs::exists(Out() / "DONE"));
    return Work(turn);
  };
  EXPECT_TRUE(Share(count, 3, 1, "2"));
  EXPECT_EQ(num_calls, 3);
}

TEST_F(SharedStageTest, AnotherNumberOfSlicesIsRefused) {
  EXPECT_THROW(
      Share([](const SliceTurn&) -> SliceResult { throw EnvironmentError("the disk is full"); }, 3),
      Error);
  EXPECT_THAT(ErrorOf(Work, 4), AllOf(HasSubstr("in 3 slices"), HasSubstr("--share-work 3")));
  EXPECT_TRUE(Share(Work, 3));
  EXPECT_TRUE(Share(Work, 4));  // a complete folder may be cut anew
}

TEST_F(SharedStageTest, TooManyFailuresAreToldByEveryTask) {
  EXPECT_FALSE(Share(Work, 3, 0.01));
  EXPECT_FALSE(fs::exists(Out() / "DONE"));
  EXPECT_THAT(ParseFailedItems(ReadFile(Out() / "failed.tsv"), ""), SizeIs(1));
  fs::remove(Out() / "failed.tsv");
  EXPECT_FALSE(Share(Work, 3, 0.01));
  EXPECT_FALSE(fs::exists(Out() / "failed.tsv")) << "joined twice";
  EXPECT_TRUE(Share(Work, 3, 0.1));
  ExpectComplete(3);
}

TEST_F(SharedStageTest, ARequestToStopFreesTheSlice) {
  const auto hold = [this](const SliceTurn& turn) {
    WriteFileAtomically(folder_ / "at-work", "");
    sleep(60);
    return Work(turn);
  };
  const pid_t task = ShareInChild(hold, 2);
  while (!fs::exists(folder_ / "at-work")) {
    usleep(1000);
  }
  kill(task, SIGTERM);
  EXPECT_EQ(StatusOf(task), kExitStoppedEarly);
  EXPECT_THAT(HeldLeases(Out() / "leases"), SizeIs(0));
  EXPECT_THAT(EndedLeases(Out() / "leases"), SizeIs(0));
  EXPECT_TRUE(Share(Work, 2));
  ExpectComplete(2);
}

TEST_F(SharedStageTest, FixedSharesAndOverwriteDoNotGoWithSharing) {
  WorkSharing sharing;
  sharing.slices = 100;
  TaskSlice slice;
  setenv("SLURM_ARRAY_TASK_ID", "3", 1);
  setenv("SLURM_ARRAY_TASK_COUNT", "8", 1);
  sharing.Resolve(&slice, false);
  unsetenv("SLURM_ARRAY_TASK_ID");
  unsetenv("SLURM_ARRAY_TASK_COUNT");
  EXPECT_EQ(slice.tasks, 1);
  EXPECT_THROW(sharing.Resolve(&slice, true), Error);
  slice.task_option = 0;
  EXPECT_THROW(sharing.Resolve(&slice, false), Error);
  EXPECT_EQ(sharing.SlicesOf(1000), 100);
  EXPECT_EQ(sharing.SlicesOf(40), 40);
  EXPECT_EQ(sharing.SlicesOf(0), 2);
}

}  // namespace
}  // namespace reel3d
