// The loop over items and the folder of a stage.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
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
#include "tests/test_support.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using testing::HasSubstr;

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

StageRun RunIn(const fs::path& folder, const std::string& settings, bool overwrite = false) {
  return {folder,
          "prep-videos",
          {"# as FormatConfig writes it\n" + settings, settings, settings},
          {},
          overwrite};
}

// Task `task` of `tasks`.
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

// One bad video among many is within the tolerance however small the task is that meets it.
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

// Stages replace and remove files in their folders: never in one that is somebody else's.
TEST(StageOutput, LeavesOtherPeoplesFoldersAlone) {
  const test::TemporaryFolder folder;
  fs::create_directories(folder / "theirs");
  WriteFileAtomically(folder / "theirs" / "00000.h5", "years of work");
  for (const bool overwrite : {false, true}) {
    EXPECT_THROW(StageOutput(RunIn(folder / "theirs", "", overwrite)), Error);
    EXPECT_EQ(ReadFile(folder / "theirs" / "00000.h5"), "years of work");
    EXPECT_FALSE(fs::exists(folder / "theirs" / "settings.ini"));
  }
}

// A report is large where many videos had warnings.
TEST(StageOutput, OverwritingSparesWhatAnotherStageMadeHoweverLargeItsReport) {
  const test::TemporaryFolder folder;
  const fs::path out = folder / "out";
  StageOutput(RunIn(out, "height = 1\n")).Finish({{"warnings", std::string(2 << 20, 'x')}}, {});
  StageRun other = RunIn(out, "shard-size = 1\n", /*overwrite=*/true);
  other.tool = "pack-shards";
  EXPECT_THROW(StageOutput{other}, Error);
  EXPECT_EQ(ReadFile(out / "settings.ini"), FormatSettingsFile("height = 1\n"));
}

// A later version may have stages that this one does not know, and a report that cannot be read may
// be anybody's.
TEST(StageOutput, OverwritingSparesAFolderOfAnUnknownToolOrWithoutAReadableReport) {
  for (const bool is_readable : {true, false}) {
    const test::TemporaryFolder folder;
    const fs::path out = folder / "out";
    StageOutput(RunIn(out, "height = 1\n")).Finish({}, {});
    fs::remove(out / "report.json");
    if (is_readable) {
      WriteFileAtomically(out / "report.json", R"({"tool": "later-stage"})");
    } else {
      fs::create_directory(out / "report.json");
    }
    EXPECT_THROW(StageOutput(RunIn(out, "height = 2\n", /*overwrite=*/true)), Error);
    EXPECT_EQ(ReadFile(out / "settings.ini"), FormatSettingsFile("height = 1\n"));
  }
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

TEST(StageOutput, NeverMixesSettings) {
  const test::TemporaryFolder folder;
  StageOutput(RunIn(folder / "out", "height = 360\nquality = 90\n"));
  try {
    StageOutput(RunIn(folder / "out", "height = 360\nquality = 80\n"));
    FAIL() << "settings were mixed";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_NE(std::string(error.what()).find("'quality = 90' there, 'quality = 80' now"),
              std::string::npos)
        << error.what();
  }
  const StageOutput redo(RunIn(folder / "out", "height = 1\n", true));
  EXPECT_TRUE(redo.must_redo());
}

std::string Refusal(const std::string& there, const StageSettings& now) {
  const test::TemporaryFolder folder;
  StageOutput({folder / "out", "prep-videos", {there, there, there}, {}});
  try {
    const StageOutput output({folder / "out", "prep-videos", now, {}});
    EXPECT_EQ(output.settings(), there) << "what identifies the work stays what it was";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    return error.what();
  }
  EXPECT_EQ(ReadFile(folder / "out" / "settings.ini"), FormatSettingsFile(there));
  return "";
}

TEST(StageOutput, AnOptionAddedSinceCountsAsItsDefault) {
  const std::string defaults = "height = 360\nclasses = \nmode = field\nquality = 90\n";
  const std::string old = "height = 240\nquality = 90\n";
  StageSettings now{defaults, "height = 240\nclasses = \nmode = field\nquality = 90\n", defaults};
  EXPECT_EQ(Refusal(old, now), "");
  now.output = "height = 240\nclasses = \nmode = weave\nquality = 90\n";
  EXPECT_THAT(Refusal(old, now),
              HasSubstr("('mode = field' there by default, 'mode = weave' now)"));
  now.output = "height = 240\nclasses = a.txt\nmode = field\nquality = 90\n";
  EXPECT_THAT(Refusal(old, now), HasSubstr("'classes = a.txt' now"));
  // In another order, the same options are the same settings.
  now.output = "quality = 90\nmode = field\nclasses = \nheight = 240\n";
  EXPECT_EQ(Refusal(old, now), "");
}

TEST(StageOutput, ARefusalNamesEveryOptionThatDiffers) {
  const StageSettings now{"height = 360\nquality = 90\nthreads = 4\n",
                          "height = 360\nquality = 90\n", "height = 360\nquality = 90\n"};
  EXPECT_THAT(Refusal("height = 240\nquality = 80\n", now),
              HasSubstr("('height = 240' there, 'height = 360' now; "
                        "'quality = 80' there, 'quality = 90' now)"));
  EXPECT_THAT(Refusal("height = 360\nquality = 90\nsharpen = 0\n", now),
              HasSubstr("('sharpen = 0' there, unknown to this version)"));
  EXPECT_EQ(Refusal("height = 360\nquality = 90\nthreads = 1\n", now), "")
      << "threads have come to decide nothing";
  EXPECT_THAT(Refusal("height = 360\nquality = 90\nand garbage\n", now), HasSubstr("and garbage"));
}

// A stage's folder that holds three settings, and what the same stage says when `settings` stands
// in its settings.ini and `config` in its config.ini.
std::string SaidOf(const std::string& settings, const std::string& config,
                   const std::string& now = "height = 240\nmode = field\nquality = 80\n") {
  const test::TemporaryFolder folder;
  const std::string defaults = "height = 360\nmode = field\nquality = 90\n";
  const std::string first = "height = 240\nmode = field\nquality = 80\n";
  StageOutput({folder / "out", "prep-videos", {first, first, defaults}, {}}).Finish({}, {});
  WriteFileAtomically(folder / "out" / "settings.ini", settings);
  WriteFileAtomically(folder / "out" / "config.ini", config);
  try {
    const StageOutput output({folder / "out", "prep-videos", {now, now, defaults}, {}});
  } catch (const Error& error) {
    EXPECT_EQ(ReadFile(folder / "out" / "settings.ini"), settings);
    EXPECT_EQ(ReadFile(folder / "out" / "config.ini"), config);
    EXPECT_TRUE(fs::exists(folder / "out" / "DONE")) << "a refusal changes nothing";
    return error.what();
  }
  return "";
}

// Lost lines do not become defaults.
TEST(StageOutput, SettingsThatLostLinesAreRefused) {
  const std::string config = "# help\nheight = 240\n# help\nmode = field\n# help\nquality = 80\n";
  const std::string whole = FormatSettingsFile("height = 240\nmode = field\nquality = 80\n");
  EXPECT_EQ(SaidOf(whole, config), "");
  for (size_t size = 0; size < whole.size(); ++size) {
    const std::string said = SaidOf(whole.substr(0, size), config);
    EXPECT_THAT(said, HasSubstr("settings.ini was cut or changed after it was written")) << size;
    if (size <= whole.find("quality")) {
      EXPECT_THAT(said, HasSubstr("quality")) << size;
    }
    EXPECT_THAT(said, HasSubstr("config.ini beside it holds the same settings")) << size;
  }
  const size_t first = whole.find('\n') + 1;
  EXPECT_THAT(SaidOf(whole.substr(0, first) + "quality = 80\n", config),
              HasSubstr("it holds 1 settings and states 3 (missing: height, mode); put back"));
  EXPECT_THAT(SaidOf(whole + "sharpen = 1\n", config), HasSubstr("holds 4 settings and states 3"));
  EXPECT_THAT(SaidOf(std::string(whole.size(), '\0'), config), HasSubstr("holds 0 settings"));
}

// The line that states their number may be lost as well. Then config.ini still knows them.
TEST(StageOutput, SettingsThatLostTheirFirstLinesAreThoseOfTheConfiguration) {
  const std::string config = "# help\nheight = 240\n# help\nmode = field\n# help\nquality = 80\n";
  EXPECT_EQ(SaidOf("mode = field\n", config), "");
  EXPECT_THAT(SaidOf("mode = field\n", config, "height = 360\nmode = field\nquality = 90\n"),
              HasSubstr("('height = 240' in config.ini there, 'height = 360' now; "
                        "'quality = 80' in config.ini there, 'quality = 90' now)"));
}

// A message that quotes them goes on behind a NUL.
TEST(StageOutput, SettingsWithControlCharactersAreShownWhole) {
  const std::string nul =
      FormatSettingsFile(std::string("height = 24\0\x1B\nmode = field\nquality = 80\n", 40));
  const std::string said = SaidOf(nul, "");
  EXPECT_THAT(said, HasSubstr(R"('height = 24\x00\x1b' there, 'height = 240' now)"));
  EXPECT_THAT(said, HasSubstr("name another folder"));
}

TEST(StageOutput, AFolderThatLostItsSettingsIsNotCalledSomebodyElses) {
  const test::TemporaryFolder folder;
  StageOutput(RunIn(folder / "out", "height = 1\n")).Finish({}, {});
  fs::remove(folder / "out" / "settings.ini");
  try {
    const StageOutput output(RunIn(folder / "out", "height = 1\n"));
    FAIL() << "it took a folder of unknown settings";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("settings.ini is missing, though prep-videos wrote"));
  }
}

// Nothing is written to a folder that somebody removed or replaced, so that the same command can
// begin again.
TEST(StageOutput, AFolderRemovedMeanwhileIsNotMadeAgain) {
  const test::TemporaryFolder folder;
  const fs::path out = folder / "out";
  const auto refusal = [&](const std::function<void()>& mischief) {
    const StageOutput output(RunIn(out, "height = 1\n"));
    mischief();
    std::string said;
    for (const bool finishes : {true, false}) {
      try {
        finishes ? static_cast<void>(output.Finish({}, {})) : output.Report({}, {});
        ADD_FAILURE() << "it wrote a report";
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kEnvironment);
        said = error.what();
      }
    }
    return said;
  };
  EXPECT_THAT(refusal([&] { fs::remove_all(out); }), HasSubstr("out was removed or renamed while"));
  EXPECT_FALSE(fs::exists(out));
  EXPECT_THAT(refusal([&] {
                fs::rename(out, folder / "moved");
                fs::create_directory(out);
              }),
              HasSubstr("out was replaced by another folder"));
  EXPECT_TRUE(fs::is_empty(out));
  EXPECT_THAT(refusal([&] {
                fs::remove(out / "settings.ini");
                fs::remove(out / "config.ini");
              }),
              HasSubstr("settings.ini was removed while prep-videos was at work"));
  EXPECT_TRUE(fs::is_empty(out));
  EXPECT_TRUE(StageOutput(RunIn(out, "height = 1\n")).Finish({}, {}));
}

// Tasks of one array that began before an option was added are joined with those that run after.
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

// However many there are, and whichever ends last.
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

TEST(StageOutput, IsKnownForAStagesFolder) {
  const test::TemporaryFolder folder;
  EXPECT_EQ(MakerOfFolder(folder / "absent"), "");
  WriteFileAtomically(folder / "settings.ini", "theirs = 1\n");
  EXPECT_EQ(MakerOfFolder(folder.path()), "") << "somebody's own settings";
  const StageOutput output(RunIn(folder / "out", "height = 1\n"));
  EXPECT_NE(MakerOfFolder(folder / "out"), "") << "not finished";
  output.Finish({}, {});
  EXPECT_EQ(MakerOfFolder(folder / "out"), "prep-videos");
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
  for (const char* name :
       {"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_COUNT"}) {
    unsetenv(name);
  }
}

}  // namespace
}  // namespace reel3d
