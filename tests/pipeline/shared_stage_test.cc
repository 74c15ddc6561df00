// Checks that tasks which share the slices of a stage give the result of one task, whichever of
// them are slow, are killed, fail, or start late.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/shared_stage.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/rng.h"
#include "lib/lease/lease_folder.h"
#include "pipeline/support/sharing_state.h"
#include "pipeline/support/stage_tasks.h"
#include "tests/pipeline/shared_tasks.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::SizeIs;

using test::SharedStageTest;
using test::Work;

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
    while (num_done < kSlices - 1) {
      usleep(10'000);
      num_done = 0;
      for (int slice = 0; slice < kSlices; ++slice) {
        num_done += fs::exists(FolderOfTask(Out(), slice, kSlices) / "DONE") ? 1 : 0;
      }
    }
    return Work(turn);
  };
  const pid_t task = ShareInChild(slow, kSlices);
  Await(folder_ / "slow-has-begun", task);
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

// make compares the time of DONE with that of the settings.
TEST_F(SharedStageTest, ALateTaskChangesOnlyTheTimeOfDone) {
  EXPECT_TRUE(Share(Work, 3));
  const fs::file_time_type old = fs::last_write_time(Out() / "DONE") - std::chrono::hours(1);
  WriteFileAtomically(Out() / "DONE", "content");
  fs::last_write_time(Out() / "DONE", old);
  EXPECT_TRUE(Share([](const SliceTurn&) -> SliceResult { throw UsageError("not again"); }, 3));
  EXPECT_GT(fs::last_write_time(Out() / "DONE"), old);
  EXPECT_EQ(ReadFile(Out() / "DONE"), "content");
  ExpectComplete(3);
}

// The last task removes the leases while others read them.
TEST_F(SharedStageTest, TasksMayStartAtTheEnd) {
  constexpr int kTasks = 6;
  constexpr int kStarts = 25;
  std::vector<pid_t> tasks;
  for (int task = 0; task < kTasks; ++task) {
    const pid_t child = fork();
    if (child == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      int status = 0;
      for (int start = 0; start < kStarts && status == 0; ++start) {
        status = StatusOf(ShareInChild(Work, 5));
        status = status == 0 && !fs::exists(Out() / "DONE") ? 8 : status;
      }
      _exit(status);
    }
    tasks.push_back(child);
  }
  for (const pid_t task : tasks) {
    EXPECT_EQ(StatusOf(task), 0);
  }
  ExpectComplete(5);
}

TEST_F(SharedStageTest, AFileWithoutANumberOfSlicesIsNamed) {
  EXPECT_FALSE(Share(Work, 3, 0.01));
  for (const char* text : {"", "many", "0", "-3"}) {
    WriteFileAtomically(Out() / "leases" / "slices", text);
    EXPECT_THAT(ErrorOf(Work, 3), AllOf(HasSubstr("leases/slices holds no number of slices"),
                                        HasSubstr("when no task is at work")));
  }
}

// The process stood still, and its successor has ended the stage meanwhile.
TEST_F(SharedStageTest, ATaskThatHasLostItsSlicePublishesNothingOverIt) {
  const auto lose = [this](const SliceTurn& turn) {
    EXPECT_TRUE(turn.notes->IsOurs());
    const fs::path lease = Out() / "leases" / fmt::format("{:04}.lease", turn.slice.task);
    fs::rename(lease, EndedName(lease, "successor"));
    EXPECT_EQ(StatusOf(ShareInChild(Work, 4)), 0);
    EXPECT_FALSE(turn.notes->IsOurs());
    SliceResult late = Work(turn);
    late.report["items"] = 0;
    late.failed = {{"all", "prep", "not done in time"}};
    return late;
  };
  EXPECT_TRUE(Share(lose, 4));
  ExpectComplete(4);
  EXPECT_EQ(ReadJsonObject(FolderOfTask(Out(), 0, 4) / "report.json").at("items"), 10);
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
  std::vector<pid_t> tasks;
  for (int task = 0; task < 3; ++task) {
    tasks.push_back(ShareInChild(Work, 9, 0.01));
  }
  for (const pid_t task : tasks) {
    EXPECT_EQ(StatusOf(task), 1);
  }
  EXPECT_FALSE(fs::exists(Out() / "DONE"));
  EXPECT_THAT(ParseFailedItems(ReadFile(Out() / "failed.tsv"), ""), SizeIs(3));
  EXPECT_TRUE(Share(Work, 9, 0.1));
  ExpectComplete(9);
}

TEST_F(SharedStageTest, TheSameCommandTriesFailedItemsAgain) {
  EXPECT_FALSE(Share(Work, 7, 0.01));
  std::vector<int> again;
  const auto mended = [&](const SliceTurn& turn) {
    again.push_back(turn.slice.task);
    SliceResult result = Work(turn);
    result.failed.clear();
    return result;
  };
  EXPECT_TRUE(Share(mended, 7, 0.01));
  EXPECT_THAT(again, testing::ElementsAre(0, 3, 6));
  EXPECT_TRUE(fs::exists(Out() / "DONE"));
  EXPECT_THAT(ParseFailedItems(ReadFile(Out() / "failed.tsv"), ""), SizeIs(0));
  EXPECT_EQ(Joined("items"), 70);
}

TEST_F(SharedStageTest, AnUnsharedRunMayFollow) {
  EXPECT_FALSE(Share(Work, 3, 0.01));
  EXPECT_TRUE(fs::exists(Out() / "leases"));
  const StageOutput alone(Run(Out(), false));
  EXPECT_FALSE(fs::exists(Out() / "DONE"));
  EXPECT_TRUE(alone.Finish({{"slices", 1}}, {}, {30, 0, 0.01}));
  EXPECT_FALSE(fs::exists(Out() / "leases"));
  EXPECT_TRUE(Share(Work, 4, 1, "2"));
  ExpectComplete(4);
}

TEST_F(SharedStageTest, ARequestToStopFreesTheSlice) {
  const auto hold = [this](const SliceTurn&) -> SliceResult {
    WriteFileAtomically(folder_ / "at-work", "");
    for (;;) {
      pause();  // the signal itself ends only this call
    }
  };
  const pid_t task = ShareInChild(hold, 2);
  Await(folder_ / "at-work", task);
  kill(task, SIGTERM);
  EXPECT_EQ(StatusOf(task), kExitStoppedEarly);
  EXPECT_THAT(HeldLeases(Out() / "leases"), SizeIs(0));
  EXPECT_THAT(EndedLeases(Out() / "leases"), SizeIs(0));
  EXPECT_TRUE(Share(Work, 2));
  ExpectComplete(2);
}

}  // namespace
}  // namespace reel3d
