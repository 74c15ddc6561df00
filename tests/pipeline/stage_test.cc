// Tests the loop over items, and the output folder of a stage.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <numeric>
#include <set>
#include <thread>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "pipeline/support/folder_maker.h"
#include "pipeline/support/item_loop.h"
#include "pipeline/support/stage_output.h"
#include "pipeline/support/stage_tasks.h"
#include "tests/pipeline/stage_run.h"
#include "tests/test_support.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using test::RunIn;

std::vector<std::string> Ids(int count) {
  std::vector<std::string> ids;
  for (int i = 0; i < count; ++i) {
    ids.push_back("v" + std::to_string(i));
  }
  return ids;
}

TEST(ItemLoop, OneBadItemNeverStopsTheOthers) {
  for (const int threads : {1, 2, 7}) {
    std::mutex mutex;
    std::set<size_t> seen;
    const ItemLoopResult result =
        RunItemLoop(Ids(20), {"prep", "videos", threads}, [&](const ItemTurn& turn) {
          const size_t item = turn.item;
          {
            const std::lock_guard<std::mutex> lock(mutex);
            seen.insert(item);
          }
          if (item % 7 == 3) {
            throw InputError("bad\tat\n" + std::to_string(item));
          }
          return item % 2 == 0 ? ItemOutcome::kDone : ItemOutcome::kSkipped;
        });
    EXPECT_EQ(seen.size(), 20U);
    ASSERT_EQ(result.failed.size(), 3U);
    EXPECT_EQ(result.failed[1].id, "v10");
    EXPECT_EQ(result.failed[1].reason, "bad at 10");
    EXPECT_EQ(result.done + result.skipped, 17U);
    const auto parsed = ParseFailedItems(FormatFailedItems(result.failed), "failed.tsv");
    ASSERT_EQ(parsed.size(), 3U);
    EXPECT_EQ(parsed[2].id, "v17");
    EXPECT_EQ(parsed[2].stage, "prep");
    EXPECT_EQ(parsed[2].reason, "bad at 17");
  }
}

TEST(ItemLoop, OtherFaultsEndIt) {
  for (const int threads : {1, 3}) {
    std::atomic<int> calls{0};
    try {
      RunItemLoop(Ids(1000), {"prep", "videos", threads}, [&](const ItemTurn& turn) -> ItemOutcome {
        ++calls;
        if (turn.item == 5) {
          throw EnvironmentError("disk full");
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return ItemOutcome::kDone;
      });
      FAIL() << "it went on";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kEnvironment);
      EXPECT_STREQ(error.what(), "disk full");
    }
    EXPECT_LT(calls, 500) << "the other threads did not stop";
  }
}

// The work on the group {0, 1, 2} fails after item 0. Item 1 is sound when it is alone, item 2 not.
TEST(GroupLoop, TriesTheRestOfAFailedGroupOneByOne) {
  std::vector<std::vector<size_t>> calls;
  const ItemLoopResult result =
      RunGroupLoop(Ids(5), {{0, 1, 2}, {3, 4}}, {"prep", "videos", 1}, [&](const GroupTurn& turn) {
        calls.push_back(turn.items);
        for (const size_t item : turn.items) {
          if (item == 2 || (item == 1 && turn.items.size() > 1)) {
            throw InputError("crashed");
          }
          turn.end(item, [&]() -> ItemOutcome {
            if (item == 3) {
              throw InputError("beyond the end");
            }
            return item == 4 ? ItemOutcome::kSkipped : ItemOutcome::kDone;
          });
        }
      });
  EXPECT_EQ(calls, (std::vector<std::vector<size_t>>{{0, 1, 2}, {1}, {2}, {3, 4}}));
  EXPECT_EQ(result.done, 2U);
  EXPECT_EQ(result.skipped, 1U);
  ASSERT_EQ(result.failed.size(), 2U);
  EXPECT_EQ(result.failed[0].id + " " + result.failed[0].reason, "v2 crashed");
  EXPECT_EQ(result.failed[1].id + " " + result.failed[1].reason, "v3 beyond the end");
}

// Returns the run of task `task` of `tasks`.
StageRun TaskIn(const fs::path& folder, int task, int tasks, const std::string& settings = "",
                const std::string& input = "") {
  StageRun run = RunIn(folder, settings, /*overwrite=*/true);
  run.inputs = {{"videos.tsv", input}};
  run.slice.task = task;
  run.slice.tasks = tasks;
  return run;
}

TEST(StageOutput, ToleratesExactlyTheShareThatItMay) {
  const test::TemporaryFolder folder;
  const auto is_whole = [&](const Tolerance& tolerance) {
    const StageOutput output(RunIn(folder / "out", ""));
    const bool whole = output.Finish({}, {}, tolerance);
    EXPECT_EQ(fs::exists(folder / "out" / "DONE"), whole);
    return whole;
  };
  EXPECT_TRUE(is_whole({0, 0, 0}));
  EXPECT_TRUE(is_whole({100, 1, 0.01}));
  EXPECT_FALSE(is_whole({100, 2, 0.01}));
  EXPECT_FALSE(is_whole({5, 1, 0}));
  EXPECT_TRUE(is_whole({5, 5, 1}));
}

// The tolerance counts the videos of all tasks. One bad video among many is tolerated even if its
// task has few videos.
TEST(StageOutput, TheToleranceIsOfAllTasks) {
  const test::TemporaryFolder folder;
  for (const int num_failed : {1, 3}) {
    const fs::path out = folder / std::to_string(num_failed);
    bool whole = true;
    for (int task = 0; task < 4; ++task) {
      const StageOutput output(TaskIn(out, task, 4));
      whole = output.Finish({}, {}, {50, task == 1 ? num_failed : 0, 0.01});
      EXPECT_EQ(whole, task < 3 || num_failed == 1) << task;
    }
    EXPECT_EQ(fs::exists(out / "DONE"), num_failed == 1);
  }
}

TEST(StageOutput, DoneIsWrittenLastAndOnlyWhenWhole) {
  const test::TemporaryFolder folder;
  const fs::path out = folder / "prepared";
  const StageOutput first(RunIn(out, "height = 360\n"));
  EXPECT_FALSE(fs::exists(out / "DONE"));
  EXPECT_FALSE(first.Finish({{"videos", 3}}, {{"a", "prep", "no video stream"}}, {3, 1, 0}));
  EXPECT_FALSE(fs::exists(out / "DONE"));
  EXPECT_TRUE(first.Finish({{"videos", 3}}, {}));
  EXPECT_TRUE(fs::exists(out / "DONE"));
  const auto report = nlohmann::json::parse(ReadFile(out / "report.json"));
  EXPECT_EQ(report["tool"], "prep-videos");
  EXPECT_EQ(report["videos"], 3);
  const StageOutput again(RunIn(out, "height = 360\n"));
  EXPECT_FALSE(fs::exists(out / "DONE")) << "unfinished from the moment that work goes on";
}

TEST(StageOutput, OverwritingClearsBeforeTheNewSettingsStandThere) {
  const test::TemporaryFolder folder;
  const fs::path out = folder / "out";
  StageOutput(RunIn(out, "height = 1\n")).Finish({}, {});
  StageRun run = RunIn(out, "height = 2\n", /*overwrite=*/true);
  int calls = 0;
  run.clear = [&] {
    ++calls;
    EXPECT_FALSE(fs::exists(out / "DONE"));
    EXPECT_EQ(ReadFile(out / "settings.ini"), FormatSettingsFile("height = 1\n"));
  };
  const StageOutput output(run);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(ReadFile(out / "settings.ini"), FormatSettingsFile("height = 2\n"));
}

TEST(StageOutput, ReportsPathsThatAreNoUtf8) {
  const test::TemporaryFolder folder;
  StageRun run = RunIn(folder / "out", "");
  run.inputs = {{"caf\xe9/videos.tsv", "aa"}};
  EXPECT_TRUE(StageOutput(run).Finish({}, {}));
  EXPECT_TRUE(fs::exists(folder / "out" / "DONE"));
}

// An option may be added while an array runs. Tasks of both versions are joined.
TEST(StageOutput, TasksOfAnOlderVersionStillCount) {
  const test::TemporaryFolder folder;
  StageRun old = TaskIn(folder / "out", 0, 2, "height = 1\n");
  StageOutput(old).Finish({}, {});
  StageRun now = TaskIn(folder / "out", 1, 2);
  now.overwrite = false;
  const std::string settings = "height = 1\nmode = field\n";
  now.settings = {settings, settings, settings};
  StageOutput(now).Finish({}, {});
  EXPECT_TRUE(fs::exists(folder / "out" / "DONE"));
}

TEST(StageOutput, TheLastTaskJoinsThemAll) {
  const test::TemporaryFolder folder;
  const fs::path out = folder / "out";
  for (const int task : {2, 0, 1}) {
    EXPECT_FALSE(fs::exists(out / "DONE"));
    const StageOutput output(TaskIn(out, task, 3));
    const std::string id = "v" + std::to_string(task);
    output.Finish({{"videos", task + 1}, {"height", "360"}}, {{id, "prep", "bad"}}, {10, 1, 1});
  }
  EXPECT_TRUE(fs::exists(out / "DONE"));
  EXPECT_EQ(nlohmann::json::parse(ReadFile(out / "report.json"))["videos"], 6);
  const auto failed = ParseFailedItems(ReadFile(out / "failed.tsv"), "failed.tsv");
  ASSERT_EQ(failed.size(), 3U);
  EXPECT_EQ(failed[0].id, "v0");
  EXPECT_EQ(failed[2].id, "v2");
}

// The task that ends last joins all tasks, whatever its number.
TEST(StageOutput, ManyTasksAreJoinedByTheLast) {
  const test::TemporaryFolder folder;
  const fs::path out = folder / "out";
  constexpr int kTasks = 120;
  std::vector<int> order(kTasks);
  std::iota(order.begin(), order.end(), 0);
  std::swap(order[7], order[kTasks - 1]);
  for (const int task : order) {
    EXPECT_FALSE(fs::exists(out / "DONE")) << task;
    StageOutput(TaskIn(out, task, kTasks)).Finish({{"videos", 1}}, {}, {1, 0, 0});
    if (task == kTasks - 2) {
      EXPECT_EQ(TasksNotDone(out), std::vector<int>{7});
    }
  }
  EXPECT_TRUE(fs::exists(out / "DONE"));
  EXPECT_TRUE(TasksNotDone(out).empty());
  EXPECT_EQ(nlohmann::json::parse(ReadFile(out / "report.json"))["videos"], kTasks);
}

TEST(StageOutput, TasksOfOtherSettingsOrInputsDoNotCount) {
  const test::TemporaryFolder folder;
  const auto is_done_after = [&](int task, const std::string& settings, const std::string& input) {
    StageOutput(TaskIn(folder / "out", task, 2, settings, input)).Finish({}, {});
    return fs::exists(folder / "out" / "DONE");
  };
  EXPECT_FALSE(is_done_after(0, "height = 1\n", "aa"));
  EXPECT_TRUE(is_done_after(1, "height = 1\n", "aa"));
  EXPECT_FALSE(is_done_after(0, "height = 2\n", "aa")) << "task 1 was done at height 1";
  EXPECT_TRUE(is_done_after(1, "height = 2\n", "aa"));
  EXPECT_FALSE(is_done_after(1, "height = 2\n", "bb")) << "task 0 was done on other videos";
  EXPECT_TRUE(is_done_after(0, "height = 2\n", "bb"));
}

TEST(TaskSlice, CoversEveryItemOnce) {
  std::vector<int> owners(100);
  for (int task = 0; task < 7; ++task) {
    TaskSlice slice;
    slice.task_option = task;
    slice.tasks_option = 7;
    slice.Resolve();
    for (size_t item = 0; item < owners.size(); ++item) {
      owners[item] += slice.Mine(item) ? 1 : 0;
    }
  }
  EXPECT_EQ(owners, std::vector<int>(100, 1));
}

TEST(TaskSlice, ListsTasksAsSbatchTakesThem) {
  EXPECT_EQ(FormatArrayList({}), "");
  EXPECT_EQ(FormatArrayList({4}), "4");
  EXPECT_EQ(FormatArrayList({0, 1, 3, 5, 6, 7}), "0-1,3,5-7");
}

// Messages must not write numbers of ranks as ARRAY=..., because that would start other tasks.
TEST(TaskSlice, NamesTheTasksOfAnArrayAndTheRanksOfACommand) {
  TaskSlice alone;
  alone.tasks = 8;
  EXPECT_EQ(NameTasks(alone, {1, 2, 3, 6}), "ARRAY=1-3,6");
  TaskSlice in_array;
  in_array.task = 1;
  in_array.tasks = 4;
  in_array.DivideOverRanks(1, 2);
  EXPECT_EQ(in_array.task, 3);
  EXPECT_EQ(in_array.tasks, 8);
  EXPECT_EQ(NameTasks(in_array, {1, 2, 3, 6}), "ARRAY=0-1,3");
  TaskSlice command;
  command.DivideOverRanks(2, 4);
  EXPECT_EQ(NameTasks(command, {0, 1, 3}), "ranks 0-1,3");
  EXPECT_EQ(NameTasks(command, {3}), "rank 3");
}

TEST(TaskSlice, FollowsTheSlurmArray) {
  setenv("SLURM_ARRAY_TASK_ID", "12", 1);
  setenv("SLURM_ARRAY_TASK_MIN", "10", 1);
  setenv("SLURM_ARRAY_TASK_COUNT", "4", 1);
  TaskSlice slice;
  slice.Resolve();
  EXPECT_EQ(slice.task, 2);
  EXPECT_EQ(slice.tasks, 4);
  TaskSlice told;
  told.task_option = 0;
  told.tasks_option = 2;
  told.Resolve();
  EXPECT_EQ(told.task, 0) << "the command line goes before the environment";
  EXPECT_EQ(told.tasks, 2);
  TaskSlice part;  // --array=12-15 of 64 tasks
  part.tasks_option = 64;
  part.Resolve();
  EXPECT_EQ(part.task, 12);
  EXPECT_EQ(part.tasks, 64);
  setenv("SLURM_ARRAY_TASK_ID", "many", 1);
  EXPECT_THROW(TaskSlice().Resolve(), Error);
  EXPECT_NO_THROW(told.Resolve());
  for (const char* name :
       {"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_COUNT"}) {
    unsetenv(name);
  }
}

}  // namespace
}  // namespace reel3d
