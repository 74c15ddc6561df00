// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "lib/base/process_state.h"
#include "pipeline/stages/run_files.h"
#include "pipeline/stages/train_progress.h"
#include "tests/pipeline/watched_run.h"

namespace reel3d {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class WatchTrainingTest : public test::WatchedRun {};

TEST_F(WatchTrainingTest, ATrainingAtWorkHasTimeLeftWithItsValidations) {
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

TEST_F(WatchTrainingTest, TheTimeOfAnInterruptionIsNotTimeOfAnEpoch) {
  WriteLock(1);
  // A single length is checked by the steps' 90 s, which are also what is known without it.
  const std::pair<int, double> seconds_left[] = {{2, 8 * 90.}, {3, 7 * 100.}, {5, 5 * 100.}};
  for (const auto& [epochs, left_s] : seconds_left) {
    WriteTraining(epochs);
    std::string times = ReadIfThere(run_.path() / "train/times.jsonl");
    times.replace(times.find(fmt::format("1{}00", epochs)), 4, "99500");
    run_.Write("train/times.jsonl", times);
    EXPECT_NEAR(Training().left_s.value(), left_s, 1e-6) << epochs;
  }
}

TEST_F(WatchTrainingTest, BeatsFromBeforeTheLastStartAreOfNoRank) {
  WriteTraining(2);
  WriteLock(1);
  const std::string beat =
      R"({"count":3,"host":"node7","step":60,"phase":"forward","waiting":false,)"
      R"("may_wait":false,"since_s":0,"for_s":2,"work":""})";
  run_.Write("train/heartbeats/rank-0", beat);
  run_.Write("train/heartbeats/.nfs00000000000a1b2c", "");
  EXPECT_EQ(Training().num_ranks, 1);
  std::string old_beat = beat;
  run_.Write("train/heartbeats/rank-1", old_beat.replace(old_beat.find("60"), 2, "70"), 600);
  TrainProgress training = Training();
  EXPECT_EQ(training.num_ranks, 1);
  EXPECT_EQ(training.step, 60);
  later_s_ = 6;
  run_.Write("train/heartbeats/rank-0", std::string(beat).replace(beat.find(":3"), 2, ":4"));
  EXPECT_EQ(Training().blame, "");
  run_.SetAge("train/heartbeats/rank-1", 10);
  EXPECT_EQ(Training().num_ranks, 2);
}

TEST_F(WatchTrainingTest, DamagedNumbersCountAsAbsent) {
  run_.Write("train/config.ini",
             "epochs = 9223372036854775807\nbatch = 1\nclips-per-video = 9223372036854775807\n",
             500);
  run_.Write("shards/index.tsv", "shard\tid\tsubset\n0\ta\ttraining\n0\tb\ttraining\n");
  WriteLock(1);
  EXPECT_EQ(Training().steps_per_epoch, 2);
  EXPECT_EQ(Training().epochs, 0);
  run_.Write("train/metrics.jsonl",
             "{\"step\":-25,\"epoch\":1,\"train_loss\":1e300}\n"
             "{\"step\":1e300,\"epoch\":1e300}\n");
  run_.Write("train/times.jsonl", "{\"step\":0,\"clips\":1e300,\"seconds\":1e-300}\n");
  run_.Write("train/heartbeats/rank-0",
             R"({"count":3,"host":"node7","step":9223372036854775807,"phase":"forward",)"
             R"("waiting":false,"may_wait":false,"since_s":0,"for_s":1e300,"work":""})");
  EXPECT_EQ(Training().step, 0);
  EXPECT_FALSE(Training().rows.front().train_loss);
  run_.Write("prepared/config.ini", "");
  run_.Write("prepared/report.json", "{\n  \"seconds\": 1e300\n}\n");
  run_.Write("prepared/DONE", "");
  EXPECT_FALSE(Stage("prep").took_s);
  EXPECT_THAT(Text(), HasSubstr("no checkpoint yet"));
}

TEST_F(WatchTrainingTest, ATrainingAloneThatFailedInItsFirstEpochIsStillOne) {
  run_.Write("config.ini", "epochs = 10\nbatch = 8\n", 500);
  run_.Write("train.log", "train-r3d: the loss is not a number\n");
  run_.Write("failed.tsv", "id\tstage\treason\nb\ttrain\tno frames\n");
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("stopped"));
  EXPECT_THAT(text, HasSubstr("ended without a report: its log says why"));
  EXPECT_THAT(text, HasSubstr("train-r3d: the loss is not a number"));
  EXPECT_THAT(text, HasSubstr("b failed: no frames"));
}

TEST_F(WatchTrainingTest, BeforeTheFirstEpochItsLengthComesFromTheIndex) {
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

TEST_F(WatchTrainingTest, ATrainingThatIsNotAtWorkSaysWhy) {
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

TEST_F(WatchTrainingTest, ARankThatBlocksTheOthersIsNamed) {
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

TEST_F(WatchTrainingTest, ALineSaysWhereTheTimeWent) {
  WriteTraining(2);
  EXPECT_THAT(Text(), Not(HasSubstr("1 start")));
  StartRecord start;
  start.began_s = 1000;
  start.at_s = 1100;
  start.end = kEndStopped;
  start.first_step = 0;
  start.step = 50;
  start.seconds = {20, 80, 0, 0, 0, 0};
  run_.Write("train/starts.jsonl", FormatStart(start));
  EXPECT_THAT(Text(), HasSubstr("1 start: 80 % of 1 min 40 s computed steps that count; "
                                "starting 20 %"));
  std::string many;
  for (int i = 0; i < 1001; ++i) {
    many += FormatStart(start);
  }
  run_.Write("train/starts.jsonl", many);
  EXPECT_THAT(Text(), HasSubstr("train/starts.jsonl is too long to be read at every look"));
  EXPECT_THAT(Text(), Not(HasSubstr("that count")));
}

TEST_F(WatchTrainingTest, APipeInPlaceOfAFileDoesNotBlock) {
  WriteTraining(2);
  run_.Remove("train/metrics.jsonl");
  ASSERT_EQ(mkfifo((run_.path() / "train/metrics.jsonl").c_str(), 0600), 0);
  EXPECT_EQ(Training().epochs_done, 0);
}

}  // namespace
}  // namespace reel3d
