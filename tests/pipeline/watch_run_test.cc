// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/watch_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/error.h"
#include "lib/base/process_state.h"
#include "pipeline/stages/run_files.h"
#include "pipeline/stages/run_messages.h"
#include "tests/pipeline/watched_run.h"

namespace reel3d {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kFourVideos =
    "id\tpath\tlabel\tsubset\na\ta.mp4\tx\ttraining\nb\tb.mp4\tx\ttraining\n"
    "c\tc.mp4\tx\ttraining\nd\td.mp4\tx\tvalidation\n";

class WatchRunTest : public test::WatchedRun {};

TEST_F(WatchRunTest, AnEmptyFolderHasNoRun) {
  EXPECT_TRUE(RunsReader(run_.path()).Look().runs.empty());
  EXPECT_THAT(Text(), HasSubstr("no stage has begun here yet"));
  EXPECT_THROW(WatchRun((run_.path() / "absent").string(), {}), Error);
}

TEST_F(WatchRunTest, RateAndTimeLeftFollowFromTheDatesOfFiles) {
  run_.Write("videos.tsv", kFourVideos);
  run_.Write("prepared/config.ini", "height = 72\n", 20);
  run_.Write("prepared/old.mkv", "", 900);
  run_.Write("prepared/a.mkv", "", 15);
  run_.Write("prepared/b.mkv", "", 5);
  run_.Write("prepared/.c.mkv", "");
  const StageProgress stage = Stage("prep");
  EXPECT_EQ(stage.state, StageState::kAtWork);
  EXPECT_EQ(stage.done, 3) << "a temporary file is not done";
  EXPECT_EQ(stage.total, 4);
  EXPECT_NEAR(stage.items_per_s, 2 / 20., 1e-6) << "old.mkv is of an earlier part of the run";
  EXPECT_NEAR(stage.left_s.value(), 10, 1e-3);
  EXPECT_THAT(Text(), HasSubstr("3 of 4 videos"));
}

TEST_F(WatchRunTest, FilesInSubfoldersCountAndNewOnesAreSeen) {
  run_.Write("videos.tsv", kFourVideos);
  run_.Write("prepared/config.ini", "");
  run_.Write("prepared/3f/a.mkv", "");
  run_.Write("prepared/40/b.mkv", "");
  run_.SetAge("prepared/3f", 100);
  EXPECT_EQ(Stage("prep").done, 2);
  run_.Write("prepared/3f/c.mkv", "");
  EXPECT_EQ(Stage("prep").done, 3);
  run_.Remove("prepared");
  EXPECT_EQ(Stage("prep").state, StageState::kNotBegun);
}

TEST_F(WatchRunTest, GroupsArePreparedAndPackedInOneStage) {
  run_.Write("videos.tsv", kFourVideos);
  run_.Write("shards/config.ini", "group-videos = 2\n", 20);
  run_.Write("shards/groups/00000.json", "{}", 5);
  run_.Write("shards/00000.h5", "", 6);
  run_.Write("shards/00001.h5", "", 6);
  const StageProgress stage = Stage("pack");
  EXPECT_EQ(stage.state, StageState::kAtWork);
  EXPECT_EQ(stage.done, 1);
  EXPECT_EQ(stage.total, 2);
  EXPECT_THAT(Text(), HasSubstr("1 of about 2 groups"));
  EXPECT_THAT(Text(), Not(HasSubstr("prep ")));
}

TEST_F(WatchRunTest, AStageIsDoneFailedOrQuiet) {
  run_.Write("prepared/config.ini", "", 1000);
  run_.Write("prepared/a.mkv", "", 900);
  run_.SetAge("prepared", 900);
  EXPECT_EQ(Stage("prep").state, StageState::kQuiet);
  EXPECT_THAT(Stage("prep").note, HasSubstr("no change for 15 min"));
  run_.Write("prepared/failed.tsv", "id\tstage\treason\nb\tprep\tno frames\n");
  run_.Write("prepared/report.json", "{\n  \"tool\": \"prep-videos\",\n  \"seconds\": 12.25\n}\n");
  EXPECT_EQ(Stage("prep").state, StageState::kAtWork) << "DONE may follow";
  run_.SetAge("prepared/report.json", 60);
  EXPECT_EQ(Stage("prep").state, StageState::kFailed);
  EXPECT_EQ(Stage("prep").num_failed, 1);
  EXPECT_THAT(Text(), HasSubstr("b failed: no frames"));
  run_.Write("prepared/DONE", "");
  EXPECT_EQ(Stage("prep").state, StageState::kDone);
  EXPECT_THAT(Text(), HasSubstr("1 video in 12 s, 1 failed"));
}

TEST_F(WatchRunTest, TasksOfAnArrayAreCounted) {
  run_.Write("scores/config.ini", "subset = validation\nvideos-per-part = 1\n");
  run_.Write("shards/index.tsv", "shard\tid\tsubset\n0\ta\tvalidation\n0\tb\ttraining\n");
  run_.Write("scores/tasks/0000-of-0003/DONE", "0badf00d 5 2\n");
  run_.Write("scores/tasks/0002-of-0003/report.json", "{}");
  const StageProgress stage = Stage("score");
  EXPECT_EQ(stage.tasks, 3);
  EXPECT_EQ(stage.tasks_done, 1);
  EXPECT_EQ(stage.num_failed, 2);
  EXPECT_EQ(stage.total, 1) << "only the scored subset counts";
}

TEST_F(WatchRunTest, RowsAreCountedInTablesOfAnyForm) {
  const std::string long_text(3'000'000, 'x');
  RowCounter rows;
  const auto count = [&](const std::string& text) {
    const std::string name = fmt::format("table-{}", text.size());
    run_.Write(name, text);
    return rows.Count(run_.path() / name, "subset", "training");
  };
  EXPECT_EQ(count(""), std::nullopt);
  EXPECT_EQ(count("id\tsubset"), 0);
  EXPECT_EQ(count("id\tsubset\n"), 0);
  EXPECT_EQ(count("id\tsubset\na\ttraining\n\nb\tvalidation\nc\ttraining"), 2);
  EXPECT_EQ(count("id\tsubset\na\ttraining\t" + long_text + "\nb\ttraining\n"), 2);
  EXPECT_EQ(count(long_text), 0);
}

TEST_F(WatchRunTest, ReadsOnlyTheEndsOfFiles) {
  run_.Write("log", "one\ntwo\nthree\nhal");
  EXPECT_EQ(ReadTail(run_.path() / "log", 100), "one\ntwo\nthree\n");
  EXPECT_EQ(ReadTail(run_.path() / "log", 12), "three\n");
  EXPECT_EQ(ReadTail(run_.path() / "log", 4), "") << "no complete line";
  std::string lines;
  for (int i = 0; i < 3; ++i) {
    lines += fmt::format("{{\"i\":{},\"long\":\"{}\"}}\n", i, std::string(100'000, 'x'));
  }
  run_.Write("lines", lines + "not JSON\n[1]\n");
  const auto last = LastJsonLines(run_.path() / "lines", 2);
  ASSERT_EQ(last.size(), 2);
  EXPECT_EQ(last[0]["i"], 1);
  EXPECT_EQ(last[1]["i"], 2);
}

TEST_F(WatchRunTest, ShowsTheLastWarningsAndErrorsOfLogs) {
  run_.Write("slurm/reel3d-prep-1.log",
             "10:00:00 prep-videos info: 3 of 9 videos\n"
             "10:00:01 prep-videos warning: a: truncated\n",
             50);
  run_.Write("slurm/reel3d-train-2.log",
             "1 of 2\r2 of 2\r\x1b[K10:00:05 train-r3d rank 1 \x1b[31merror\x1b[0m: no disk\n"
             "train-r3d: the disk is full\ntrain-r3d: the disk is full\nexit code 4 error",
             10);
  const std::vector<RunMessage> messages = ReadRunMessages(run_.path(), 10);
  ASSERT_EQ(messages.size(), 3);
  EXPECT_EQ(messages[0].text, "10:00:01 prep-videos warning: a: truncated");
  EXPECT_FALSE(messages[0].is_error);
  EXPECT_EQ(messages[1].text, "10:00:05 train-r3d rank 1 error: no disk");
  EXPECT_TRUE(messages[1].is_error);
  EXPECT_EQ(messages[2].text, "train-r3d: the disk is full");
  EXPECT_EQ(messages[2].source, "slurm/reel3d-train-2.log");
  EXPECT_EQ(ReadRunMessages(run_.path(), 1).front().text, "train-r3d: the disk is full");
}

TEST_F(WatchRunTest, JobsThatWaitAreQueuedAndThoseThatFailedAreNamed) {
  run_.Write("slurm/jobs.tsv", "prep\t11\npack\t12\n");
  EXPECT_EQ(Stage("pack").state, StageState::kQueued);
  EXPECT_EQ(Stage("train").state, StageState::kNotBegun);
  run_.Write("slurm/failures/prep-3", "prep task 3: status 4 on node7\n");
  EXPECT_EQ(Stage("prep").state, StageState::kFailed);
}

TEST_F(WatchRunTest, TheReportHasARow) {
  run_.Write("videos.tsv", kFourVideos, 100);
  EXPECT_THAT(Text(), HasSubstr("report    not begun"));
  run_.Write("slurm/jobs.tsv", "evaluate\t11\nreport\t12\n", 90);
  EXPECT_THAT(Text(), HasSubstr("report    queued"));
  run_.Write("slurm/failures/report", "report: status 3 on node7\n", 80);
  EXPECT_THAT(Text(), HasSubstr("report    failed     job failed: see "));
  run_.Write("report.html", "", 70);
  EXPECT_THAT(Text({300, 60}),
              HasSubstr("report    done       " + (run_.path() / "report.html").string()));
}

TEST_F(WatchRunTest, WhatIsOlderThanAStageBeforeItIsOutdated) {
  run_.Write("videos.tsv", kFourVideos, 1000);
  run_.Write("scores/config.ini", "", 900);
  run_.Write("scores/DONE", "", 800);
  run_.Write("evaluation/config.ini", "", 700);
  run_.Write("evaluation/DONE", "", 600);
  run_.Write("report.html", "", 500);
  EXPECT_EQ(Stage("evaluate").state, StageState::kDone);
  EXPECT_EQ(Stage("report").state, StageState::kDone);
  run_.SetAge("evaluation/DONE", 400);
  EXPECT_EQ(Stage("report").state, StageState::kOutdated);
  EXPECT_THAT(Text(), HasSubstr("report    outdated   older than evaluate; "));
  run_.Write("slurm/jobs.tsv", "report\t12\n", 300);
  EXPECT_EQ(Stage("report").state, StageState::kQueued);
  run_.SetAge("slurm/jobs.tsv", 600);
  EXPECT_EQ(Stage("report").state, StageState::kOutdated) << "that job has made the page";
  run_.SetAge("report.html", 200);
  EXPECT_EQ(Stage("report").state, StageState::kDone);
  run_.Write("train/config.ini", "epochs = 10\n", 100);  // a training that has begun again
  EXPECT_EQ(Stage("score").state, StageState::kOutdated);
  EXPECT_EQ(Stage("evaluate").state, StageState::kOutdated);
  EXPECT_EQ(Stage("report").state, StageState::kOutdated);
  EXPECT_THAT(Text(), HasSubstr("evaluate  outdated   older than train; video top-1 "));
}

TEST_F(WatchRunTest, JobsOfAnOutdatedStageAreQueuedOrHaveFailed) {
  run_.Write("videos.tsv", kFourVideos, 1000);
  run_.Write("evaluation/config.ini", "", 900);
  run_.Write("evaluation/DONE", "", 800);
  run_.Write("scores/config.ini", "", 700);
  run_.Write("scores/DONE", "", 600);
  ASSERT_EQ(Stage("evaluate").state, StageState::kOutdated);
  run_.Write("slurm/jobs.tsv", "score\t11\nevaluate\t12\n", 850);
  EXPECT_EQ(Stage("evaluate").state, StageState::kOutdated) << "that job has made the evaluation";
  run_.SetAge("slurm/jobs.tsv", 710);
  EXPECT_EQ(Stage("evaluate").state, StageState::kQueued);
  EXPECT_EQ(Stage("score").state, StageState::kDone);
  run_.Write("slurm/failures/evaluate", "evaluate: status 3 on node7\n", 850);
  EXPECT_EQ(Stage("evaluate").state, StageState::kQueued) << "that is an earlier failure";
  run_.SetAge("slurm/failures/evaluate", 500);
  EXPECT_EQ(Stage("evaluate").state, StageState::kFailed);
  EXPECT_THAT(Stage("evaluate").note, HasSubstr("job failed: see "));
}

TEST_F(WatchRunTest, LinesFitIntoAnyScreen) {
  WriteTraining(9);
  WriteLock(1);
  run_.Write("videos.tsv", kFourVideos);
  run_.Write("prepared/config.ini", "", 1000);
  run_.Write("slurm/x.log", "10:00:01 prep-videos warning: \xe5\x8b\x95\xe7\x94\xbb\x1b[2J " +
                                std::string(300, 'w') + "\n");
  for (const int columns : {40, 60, 80, 120, 200}) {
    for (const int rows : {3, 10, 24, 60}) {
      const auto lines = LayOut(RunsReader(run_.path(), FixedClock()).Look(), {columns, rows});
      EXPECT_LE(static_cast<int>(lines.size()), rows);
      for (const ScreenLine& line : lines) {
        int width = 0;
        for (const InkedText& piece : line) {
          width += WidthOf(piece.text);
          EXPECT_THAT(piece.text, Not(HasSubstr("\x1b")));
        }
        EXPECT_LE(width, columns) << line.front().text;
      }
    }
  }
  EXPECT_EQ(WidthOf("\xe5\x8b\x95\xe7\x94\xbb"), 4) << "characters of two columns";
  EXPECT_EQ(CutTo("\xe5\x8b\x95\xe7\x94\xbb\xe5\x8b\x95", 5), "\xe5\x8b\x95...");
}

TEST_F(WatchRunTest, SeveralRunsShowTheOneThatChangedLastFirst) {
  run_.Write("old/train/config.ini", "epochs = 3\n", 5000);
  run_.Write("old/train/DONE", "", 4000);
  run_.Write("new/prepared/config.ini", "");
  run_.Write("other/readme.txt", "");
  const RunsSeen seen = RunsReader(run_.path()).Look();
  EXPECT_TRUE(seen.has_many);
  ASSERT_EQ(seen.runs.size(), 2);
  EXPECT_EQ(seen.runs[0].folder.filename(), "new");
  EXPECT_THAT(Text(), HasSubstr("old"));
  EXPECT_EQ(RunsReader(run_.path() / "old/train/").Look().folder, run_.path() / "old")
      << "a stage's folder stands for its run";
}

TEST_F(WatchRunTest, ALockIsThatOfATrainingUnlessTheSettingsAreNot) {
  run_.Write("comparison/config.ini", "margin = 0\n");
  run_.Write("comparison/lock.holder", "{}");
  EXPECT_TRUE(RunsReader(run_.path()).Look().runs.empty());
  run_.Write("training/lock.holder", "{}");
  EXPECT_EQ(RunsReader(run_.path()).Look().runs.size(), 1U);
}

TEST_F(WatchRunTest, AnswersAProgramWithNumbers) {
  WriteTraining(2);
  run_.Write("train/lock.holder",
             fmt::format(R"({{"host":"here","process":{},"machine":"{}"}})", getpid(),
                         ProcessSpace()));  // alive at any speed of this test
  const auto json = WatchRun(run_.path().string(), {}).json;
  EXPECT_EQ(json["kind"], "run");
  EXPECT_EQ(json["runs"][0]["training"]["epochs_done"], 2);
  EXPECT_EQ(json["runs"][0]["training"]["rows"][1]["clips_per_s"], 10);
  EXPECT_EQ(json["runs"][0]["stages"][3]["stage"], "train");
  EXPECT_EQ(json["runs"][0]["stages"][3]["state"], "at work");
  EXPECT_NEAR(json["runs"][0]["stages"][3]["left_s"].get<double>(), 800, 1e-6);
}

}  // namespace
}  // namespace reel3d
