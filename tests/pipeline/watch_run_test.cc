// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/watch_run.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/error.h"
#include "lib/base/process_state.h"
#include "pipeline/stages/run_files.h"
#include "pipeline/stages/run_messages.h"
#include "pipeline/stages/run_progress.h"
#include "pipeline/stages/runs_seen.h"
#include "pipeline/stages/watch_text.h"
#include "tests/pipeline/run_folder.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kFourVideos =
    "id\tpath\tlabel\tsubset\na\ta.mp4\tx\ttraining\nb\tb.mp4\tx\ttraining\n"
    "c\tc.mp4\tx\ttraining\nd\td.mp4\tx\tvalidation\n";

class WatchRunTest : public ::testing::Test {
 protected:
  StageProgress Stage(const std::string& name) {
    for (const StageProgress& stage : reader_.Look().stages) {
      if (stage.name == name) {
        return stage;
      }
    }
    ADD_FAILURE() << name;
    return {};
  }
  TrainProgress Training() { return reader_.Look().training.value(); }
  // Returns the text of a look at the run with fresh eyes.
  std::string Text(ScreenSize size = {100, 60}) const {
    std::string text;
    for (const ScreenLine& line : LayOut(RunsReader(run_.path()).Look(), size)) {
      for (const InkedText& piece : line) {
        text += piece.text;
      }
      text += '\n';
    }
    return text;
  }
  // Puts a training there that has done `epochs` of ten epochs, each of 25 steps and 100 seconds.
  void WriteTraining(int epochs) const {
    std::string metrics, times;
    for (int epoch = 1; epoch <= epochs; ++epoch) {
      metrics +=
          fmt::format(R"({{"step":{},"epoch":{},"lr":0.1,"train_loss":1.5,"train_top1":0.5}})",
                      25 * epoch, epoch);
      times += fmt::format(
          R"({{"step":{},"epoch":{},"clips":900,"seconds":90.0,"ended_s":{},"ranks":[]}})",
          25 * epoch, epoch, 1000 + 100 * epoch);
      metrics += '\n';
      times += '\n';
    }
    run_.Write("train/config.ini", "epochs = 10\nbatch = 8\n", 500);
    run_.Write("train/metrics.jsonl", metrics);
    run_.Write("train/times.jsonl", times);
  }
  void WriteLock(double age_s) const {
    run_.Write("train/lock.holder", R"({"host":"node7","process":5,"machine":"another"})", age_s);
  }

  test::RunFolder run_;
  RunReader reader_{run_.path()};
};

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
  EXPECT_NEAR(stage.items_per_s, 2 / 20., 0.01) << "old.mkv is of an earlier part of the run";
  EXPECT_NEAR(stage.left_s.value(), 10, 1);
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

TEST_F(WatchRunTest, AStageIsDoneFailedOrQuiet) {
  run_.Write("prepared/config.ini", "", 1000);
  run_.Write("prepared/a.mkv", "", 900);
  run_.SetAge("prepared", 900);
  EXPECT_EQ(Stage("prep").state, StageState::kQuiet);
  EXPECT_THAT(Stage("prep").note, HasSubstr("no change for 15 min"));
  run_.Write("prepared/failed.tsv", "id\tstage\treason\nb\tprep\tno frames\n");
  run_.Write("prepared/report.json", "{\n  \"tool\": \"prep-videos\",\n  \"seconds\": 12.25\n}\n");
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

TEST_F(WatchRunTest, ATrainingAtWorkHasTimeLeftWithItsValidations) {
  WriteTraining(2);
  WriteLock(1);
  EXPECT_EQ(Stage("train").state, StageState::kAtWork);
  TrainProgress training = Training();
  EXPECT_EQ(training.epochs_done, 2);
  EXPECT_EQ(training.steps_per_epoch, 25);
  EXPECT_NEAR(training.left_s.value(), 800, 1e-6) << "steps alone take 720 s";
  run_.Write("train/metrics.jsonl",
             ReadIfThere(run_.path() / "train/metrics.jsonl") + R"({"step":75,"ep)");
  EXPECT_EQ(Training().epochs_done, 2) << "a line is being written";
  run_.Write("train/heartbeats/rank-0",
             R"({"count":3,"host":"node7","step":60,"phase":"forward","waiting":false,)"
             R"("may_wait":false,"since_s":0,"for_s":2,"work":""})");
  training = Training();
  EXPECT_EQ(training.steps_in_epoch, 10);
  EXPECT_NEAR(training.left_s.value(), 760, 1e-6);
  EXPECT_THAT(Text(), HasSubstr("epoch 3 of 10 [########............] 40 %, step 10 of 25"));
  EXPECT_THAT(Text(), HasSubstr("1 rank; rank 0: forward for 2 s at step 60"));
}

TEST_F(WatchRunTest, TheTimeOfAnInterruptionIsNotTimeOfAnEpoch) {
  WriteTraining(5);
  WriteLock(1);
  std::string times = ReadIfThere(run_.path() / "train/times.jsonl");
  times.replace(times.find("1500"), 4, "99500");
  run_.Write("train/times.jsonl", times);
  EXPECT_NEAR(Training().left_s.value(), 500, 1e-6);
}

TEST_F(WatchRunTest, BeforeTheFirstEpochItsLengthComesFromTheIndex) {
  run_.Write("train/config.ini",
             "epochs = 10\nbatch = 2\nclips-per-video = 1\nlast-batch = drop\n");
  run_.Write("shards/index.tsv",
             "shard\tid\tsubset\n0\ta\ttraining\n0\tb\ttraining\n"
             "0\tc\ttraining\n0\td\tvalidation\n");
  WriteLock(1);
  EXPECT_EQ(Training().steps_per_epoch, 1);
  run_.Write("train/config.ini",
             "epochs = 10\nbatch = 2\nclips-per-video = 1\nlast-batch = keep\n");
  EXPECT_EQ(Training().steps_per_epoch, 2);
  EXPECT_FALSE(Training().left_s) << "no step has been timed";
}

TEST_F(WatchRunTest, ATrainingThatIsNotAtWorkSaysWhy) {
  WriteTraining(2);
  EXPECT_EQ(Stage("train").note, "ended without a report: its log says why");
  WriteLock(600);
  EXPECT_EQ(Stage("train").state, StageState::kStopped);
  EXPECT_EQ(Stage("train").note, "killed or hanging: node7 gives no sign of life");
  run_.Write("train/lock.holder",
             fmt::format(R"({{"host":"here","process":{},"process_start":"1","machine":"{}"}})",
                         getpid(), ProcessSpace()));
  EXPECT_EQ(Stage("train").note, "killed: its process on here has ended")
      << "the number is now another process's";
  run_.Remove("train/lock.holder");
  run_.Write("train/report.json", R"({"stopped_early": true})");
  EXPECT_EQ(Stage("train").note, "stopped at a checkpoint");
  run_.Write("train/report.json", R"({"stopped_early": false})");
  EXPECT_EQ(Stage("train").state, StageState::kFailed);
  run_.Write("train/DONE", "");
  EXPECT_EQ(Stage("train").state, StageState::kDone);
}

TEST_F(WatchRunTest, ARankThatBlocksTheOthersIsNamed) {
  Beat busy, waits;
  busy.count = waits.count = 1;
  busy.host = waits.host = "node7";
  busy.phase = "forward";
  waits.phase = "waiting for other ranks";
  waits.waiting = true;
  const std::vector<Beat> before = {busy, waits};
  ++busy.count;
  ++waits.count;
  waits.for_s = busy.for_s = 1;
  EXPECT_EQ(DescribeBlocker(before, {busy, waits}), "");
  EXPECT_EQ(DescribeBlocker(before, {waits, waits}), "") << "both wait for a moment";
  waits.for_s = busy.for_s = 61;
  EXPECT_THAT(DescribeBlocker(before, {busy, waits}), HasSubstr("rank 0 on node7 holds"));
  EXPECT_THAT(DescribeBlocker(before, {waits, waits}), HasSubstr("every rank waits"));
  busy.for_s = 1;
  EXPECT_THAT(DescribeBlocker(before, {busy, before[1]}), HasSubstr("rank 1 on node7 gives no"));
  EXPECT_EQ(DescribeBlocker(before, {busy}), "");
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

TEST_F(WatchRunTest, APipeInPlaceOfAFileDoesNotBlock) {
  WriteTraining(2);
  run_.Remove("train/metrics.jsonl");
  ASSERT_EQ(mkfifo((run_.path() / "train/metrics.jsonl").c_str(), 0600), 0);
  EXPECT_EQ(Training().epochs_done, 0);
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

TEST_F(WatchRunTest, LinesFitIntoAnyScreen) {
  WriteTraining(9);
  WriteLock(1);
  run_.Write("videos.tsv", kFourVideos);
  run_.Write("prepared/config.ini", "", 1000);
  run_.Write("slurm/x.log", "10:00:01 prep-videos warning: \xe5\x8b\x95\xe7\x94\xbb\x1b[2J " +
                                std::string(300, 'w') + "\n");
  for (const int columns : {40, 60, 80, 120, 200}) {
    for (const int rows : {3, 10, 24, 60}) {
      const auto lines = LayOut(RunsReader(run_.path()).Look(), {columns, rows});
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

TEST_F(WatchRunTest, AnswersAProgramWithNumbers) {
  WriteTraining(2);
  WriteLock(1);
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
