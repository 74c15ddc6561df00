// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/plan_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/plan/frame_cost.h"
#include "tests/pipeline/finished_run.h"
#include "tests/pipeline/plan_figures.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using test::From;
using test::Value;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::ordered_json;

class PlanRun : public ::testing::Test {
 protected:
  PlanRun() {
    options_.videos.videos = 1000;
    options_.videos.seconds = 2;
    options_.videos.fps = 20;
    // A plan for one local machine. Measured times already include the start and the saves.
    options_.cluster.cores_per_node.value = 2;
    options_.cluster.node_mtbf_days.value = options_.cluster.limit_hours.value = 0;
    options_.cluster.queue_minutes.value = 0;
    options_.cluster.start_s.value = options_.cluster.save_s.value = 0;
    options_.settings.ranks.value = options_.cluster.ranks_per_node.value = 2;
    options_.settings.batch.value = 10;
    options_.settings.epochs.value = 2;
    options_.settings.height.value = 120;
    options_.settings.score_ranks.value = 1;
  }

  test::TemporaryFolder folder_;
  PlanRunOptions options_;
};

TEST_F(PlanRun, ADescriptionGivesAPlan) {
  options_.settings.height.value = 360;
  options_.videos.lines = 720;
  const PlanRunReport report = RunPlanRun(options_);
  EXPECT_DOUBLE_EQ(Value(report.figures, "data", "frames"), 40000);
  EXPECT_DOUBLE_EQ(Value(report.figures, "prepare", "core_s"), 40000 * 3.35 / 1000);
  EXPECT_DOUBLE_EQ(Value(report.figures, "pack", "bytes"), 40000 * 32500.0);
  EXPECT_DOUBLE_EQ(Value(report.figures, "train", "compute_s"), 5 / 1960.0);
  EXPECT_EQ(From(report.figures, "data", "frames"), "given");
  EXPECT_EQ(From(report.figures, "prepare", "core_s"), "assumed");
  EXPECT_THAT(report.text,
              HasSubstr("1,000 videos of 2 s (given), 20 frames/s (given), 720 lines"));
}

TEST_F(PlanRun, AHundredMillionVideosArePlanned) {
  options_.videos.videos = 100'000'000;
  options_.videos.seconds = 10;
  options_.settings.ranks.value = 1024;
  options_.settings.batch.value = 16384;
  options_.cluster.node_mtbf_days.value = 150;
  options_.cluster.save_s.value = 10;
  options_.cluster.max_array_size.value = 11;
  const PlanRunReport report = RunPlanRun(options_);
  for (const auto& [stage, figures] : report.figures.at("figures").items()) {
    for (const auto& [key, figure] : figures.items()) {
      EXPECT_TRUE(figure.at("value").is_number()) << stage << key;
      EXPECT_GE(figure.at("value").get<double>(), 0) << stage << key;
    }
  }
  EXPECT_THAT(report.text, HasSubstr("MaxArraySize makes a task of prep-videos"));
  EXPECT_THAT(report.text, HasSubstr("holds the list of all videos, 45 GB"));
  EXPECT_THAT(report.text, Not(HasSubstr("The time limit of")));
  options_.cluster.limit_hours.value = 24;
  EXPECT_THAT(RunPlanRun(options_).text, HasSubstr("The time limit of 24 h 0 min ends tasks"));
}

TEST_F(PlanRun, GroupsArePlanned) {
  options_.settings.packing = plan::Packing::kGroups;
  options_.settings.group_videos.value = 100;
  const PlanRunReport report = RunPlanRun(options_);
  EXPECT_DOUBLE_EQ(Value(report.figures, "pack in groups", "groups"), 10);
  EXPECT_DOUBLE_EQ(Value(report.figures, "pack in groups", "peak_bytes"),
                   1.1 * Value(report.figures, "pack in groups", "bytes"));
  EXPECT_FALSE(report.figures.at("figures").contains("prepare"));
  EXPECT_FALSE(report.figures.at("figures").contains("pack"));
  EXPECT_THAT(report.text, Not(HasSubstr("holds the list")));
}

// A larger stored frame takes longer to encode, not to decode.
TEST_F(PlanRun, MeasuredTimesToPrepareAreCarriedToAnotherHeight) {
  test::WriteFinishedRun(folder_ / "small");
  options_.measured = {folder_ / "small"};
  options_.videos.lines = 720;
  options_.settings.height.value = 240;
  const double shape = 16.0 / 9;
  const double expected =
      5 * plan::PrepMilliseconds(720, 240, shape) / plan::PrepMilliseconds(720, 120, shape);
  EXPECT_DOUBLE_EQ(RunPlanRun(options_).figures.at("rates").at("prep_ms").at("value"), expected);
}

TEST_F(PlanRun, MeasuredRatesComeFromARun) {
  test::WriteFinishedRun(folder_ / "small");
  options_.measured = {folder_ / "small"};
  const Json rates = RunPlanRun(options_).figures.at("rates");
  // Two threads prepared 1,600 frames in 4 s.
  EXPECT_DOUBLE_EQ(rates.at("prep_ms").at("value"), 5);
  EXPECT_DOUBLE_EQ(rates.at("frame_kb").at("value"), 3.2);
  EXPECT_DOUBLE_EQ(rates.at("pack_mb_per_s").at("value"), 10.24);
  // 60 clips took 3 s on each of two ranks. In 6 steps the ranks waited 0.5 s in all for each
  // other. The harmonic number H(2) is 1.5, and the mean wait in a step is H(2) - 1 = 0.5 delays.
  EXPECT_DOUBLE_EQ(rates.at("train_clips_per_s").at("value"), 60 / 6.0);
  EXPECT_DOUBLE_EQ(rates.at("straggling_ms").at("value"), 1000 * 0.5 / 2 / 6 / 0.5);
  EXPECT_DOUBLE_EQ(rates.at("loader_clips_per_s").at("value"), 60 / 1.2);
  // Validation took 5 s - 4 s (steps) on 2 ranks, for 10 videos x 3 windows x 2 epochs.
  EXPECT_DOUBLE_EQ(rates.at("validation_ms").at("value"), 1000 * 1.0 * 2 / 60);
  EXPECT_DOUBLE_EQ(rates.at("score_clips_per_s").at("value"), 30);
  EXPECT_EQ(rates.at("prep_ms").at("from"), "measured");
}

// One time covers preparing and packing, so neither rate is known from it.
TEST_F(PlanRun, ARunThatPackedInGroupsHasNoRatesOfPrepAndPack) {
  test::WriteFinishedRun(folder_ / "small");
  std::filesystem::remove_all(folder_ / "small/prepared");
  std::filesystem::create_directory(folder_ / "small/shards/groups");
  WriteFileAtomically(folder_ / "small/shards/config.ini", "height = 120\nquality = 90\n");
  options_.measured = {folder_ / "small"};
  options_.settings.height.value = 120;
  const Json rates = RunPlanRun(options_).figures.at("rates");
  EXPECT_DOUBLE_EQ(rates.at("frame_kb").at("value"), 3.2);
  EXPECT_EQ(rates.at("prep_ms").at("from"), "assumed");
  EXPECT_EQ(rates.at("pack_mb_per_s").at("from"), "assumed");
}

TEST_F(PlanRun, MeasuredBytesAreCarriedToAnotherHeight) {
  test::WriteFinishedRun(folder_ / "small");
  options_.measured = {folder_ / "small"};
  options_.settings.height.value = 240;
  const Json rates = RunPlanRun(options_).figures.at("rates");
  EXPECT_NEAR(rates.at("frame_kb").at("value"), 0.6 + 2.6 * std::pow(2, 1.453), 1e-9);
}

// The second source of rates is for another height, and has no size of frames.
TEST_F(PlanRun, EachMeasuredRateKeepsItsHeight) {
  test::WriteFinishedRun(folder_ / "small");
  WriteFileAtomically(folder_ / "later.json",
                      R"({"format": "reel3d-plan-correction", "version": 1, "height": 360,)"
                      R"( "quality": 50, "rates": {"score_clips_per_s": 7}})");
  options_.measured = {folder_ / "small", folder_ / "later.json"};
  const Json rates = RunPlanRun(options_).figures.at("rates");
  EXPECT_DOUBLE_EQ(rates.at("frame_kb").at("value"), 3.2);
  EXPECT_DOUBLE_EQ(rates.at("loader_clips_per_s").at("value"), 60 / 1.2);
  EXPECT_DOUBLE_EQ(rates.at("score_clips_per_s").at("value"), 7);
}

// The machine that runs plan-run may have another number of cores than the one that prepared.
TEST_F(PlanRun, TheThreadsOfPreparationComeFromTheRun) {
  test::WriteFinishedRun(folder_ / "small");
  WriteFileAtomically(folder_ / "small/prepared/config.ini", "threads = 0\n");
  options_.measured = {folder_ / "small"};
  testing::internal::CaptureStderr();
  const Json unknown = RunPlanRun(options_).figures.at("rates").at("prep_ms");
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("says how many threads prepared"));
  EXPECT_EQ(unknown.at("from"), "assumed");
  Json report = ReadJsonObject(folder_ / "small/prepared/report.json");
  report["workers"] = 12;  // in all four tasks
  WriteFileAtomically(folder_ / "small/prepared/report.json", FormatJson(report));
  MakeFolders(folder_ / "small/prepared/tasks/0-of-4");
  const Json known = RunPlanRun(options_).figures.at("rates").at("prep_ms");
  EXPECT_DOUBLE_EQ(known.at("value"), 1000 * 4.0 * 3 / 1600);
  EXPECT_EQ(known.at("from"), "measured");
}

TEST_F(PlanRun, AGivenRateOverrulesAMeasuredOne) {
  test::WriteFinishedRun(folder_ / "small");
  options_.measured = {folder_ / "small"};
  options_.rates.prep_ms.value = 7;
  const Json rates = RunPlanRun(options_).figures.at("rates");
  EXPECT_DOUBLE_EQ(rates.at("prep_ms").at("value"), 7);
  EXPECT_EQ(rates.at("prep_ms").at("from"), "given");
}

// A run's rates are used to plan the same run. The plan is then compared with the run.
TEST_F(PlanRun, ThePlanOfTheMeasuredRunComesTrue) {
  test::WriteFinishedRun(folder_ / "run");
  options_.videos.videos = 40;
  options_.videos.training_share = 0.75;
  options_.measured = {folder_ / "run"};
  options_.out = folder_ / "plan.json";
  RunPlanRun(options_);
  PlanRunOptions compare;
  compare.plan = folder_ / "plan.json";
  compare.outcome = folder_ / "run";
  const PlanRunReport report = RunPlanRun(compare);
  const Json& figures = report.figures.at("figures");
  for (const char* key : {"data.frames", "prepare.wall_s", "pack.wall_s", "pack.bytes",
                          "pack.shards", "score.wall_s"}) {
    EXPECT_NEAR(figures.at(key).at("ratio"), 1, 1e-9) << key;
  }
  EXPECT_DOUBLE_EQ(figures.at("stages").at("measured"), 4 + 0.5 + 5 + 1);
  // The plan assumes exponential waits for other ranks, and steps that never wait for data.
  EXPECT_NEAR(figures.at("train.wall_s").at("ratio"), 1, 0.2);
}

// A plan without measurements, for shorter videos, is wrong. The correction makes the next one
// right.
TEST_F(PlanRun, TheCorrectionMakesTheNextPlanRight) {
  test::WriteFinishedRun(folder_ / "run");
  options_.videos.videos = 40;
  options_.videos.training_share = 0.75;
  options_.out = folder_ / "plan.json";
  options_.rates.straggling_ms.value = 50;
  options_.videos.seconds = 1;
  RunPlanRun(options_);
  PlanRunOptions compare;
  compare.plan = options_.out;
  compare.outcome = folder_ / "run";
  compare.correction = folder_ / "correction.json";
  EXPECT_LT(RunPlanRun(compare).figures.at("figures").at("train.wall_s").at("planned"), 2);
  options_.measured = {compare.correction};
  options_.rates.straggling_ms.value = 0;
  options_.videos.seconds = 2;
  RunPlanRun(options_);
  const Json figures = RunPlanRun(compare).figures.at("figures");
  for (const auto& [key, figure] : figures.items()) {
    // Prepared files are a little larger than their part of a shard.
    const bool is_exact = key != "train.wall_s" && key != "stages" && key != "prepare.bytes";
    const double tolerance = is_exact ? 1e-9 : 0.05;
    EXPECT_NEAR(figure.at("ratio"), 1, tolerance) << key;
  }
}

// The run has no scores, and its training says nothing about the number of parameters.
TEST_F(PlanRun, ACorrectionDoesNotTurnAssumedRatesIntoMeasuredOnes) {
  test::WriteFinishedRun(folder_ / "run");
  std::filesystem::remove_all(folder_ / "run/scores");
  options_.videos.videos = 40;
  options_.out = folder_ / "plan.json";
  options_.rates.straggling_ms.value = 50;
  RunPlanRun(options_);
  PlanRunOptions compare;
  compare.plan = options_.out;
  compare.outcome = folder_ / "run";
  compare.correction = folder_ / "correction.json";
  RunPlanRun(compare);
  const Json correction = ReadJsonObject(compare.correction);
  EXPECT_FALSE(correction.at("rates").contains("score_clips_per_s"));
  EXPECT_FALSE(correction.at("rates").contains("parameters"));
  options_.measured = {compare.correction};
  options_.rates.straggling_ms.value = 0;
  const Json next = RunPlanRun(options_).figures;
  const auto from = [&](const char* rate) {
    return next.at("rates").at(rate).at("from").get<std::string>();
  };
  EXPECT_EQ(from("prep_ms"), "measured");
  EXPECT_EQ(from("frame_kb"), "measured");
  EXPECT_EQ(from("pack_mb_per_s"), "measured");
  EXPECT_EQ(from("train_clips_per_s"), "measured");
  EXPECT_EQ(from("score_clips_per_s"), "assumed");
  EXPECT_EQ(from("parameters"), "assumed");
  EXPECT_EQ(from("loader_clips_per_s"), "assumed");
  EXPECT_EQ(from("straggling_ms"), "given");
  EXPECT_EQ(From(next, "score", "wall_s"), "assumed");
}

// Other work between epochs is not in the time to score a clip.
TEST_F(PlanRun, AValidationThatWasNotMeasuredIsAssumed) {
  test::WriteFinishedRun(folder_ / "run");
  std::filesystem::remove_all(folder_ / "run/train");
  options_.measured = {folder_ / "run"};
  const Json rates = RunPlanRun(options_).figures.at("rates");
  EXPECT_EQ(rates.at("score_clips_per_s").at("from"), "measured");
  EXPECT_EQ(rates.at("validation_ms").at("from"), "assumed");
  EXPECT_DOUBLE_EQ(rates.at("validation_ms").at("value"), 1000 / 30.0);
}

TEST_F(PlanRun, AMeasuredRateIsBetterThanALaterAssumedOne) {
  for (const std::string origin : {"measured", "assumed"}) {
    WriteFileAtomically(folder_ / origin,
                        R"({"format": "reel3d-plan-correction", "version": 1, "height": 0,)"
                        R"( "quality": 0, "rates": {"prep_ms": 7}, "from": {"prep_ms": ")" +
                            origin + R"("}})");
  }
  options_.measured = {folder_ / "measured", folder_ / "assumed"};
  EXPECT_EQ(RunPlanRun(options_).figures.at("rates").at("prep_ms").at("from"), "measured");
}

TEST_F(PlanRun, AnOriginThatThereIsNotIsRefused) {
  WriteFileAtomically(folder_ / "c.json",
                      R"({"format": "reel3d-plan-correction", "version": 1, "height": 0,)"
                      R"( "quality": 0, "rates": {"prep_ms": 7}, "from": {"prep_ms": "heard"}})");
  options_.measured = {folder_ / "c.json"};
  try {
    RunPlanRun(options_);
    ADD_FAILURE() << "read it";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.what(), HasSubstr("the rate prep_ms is from 'heard' but must be from one of "
                                        "measured, given, assumed"));
  }
}

TEST_F(PlanRun, AStageThatContinuedHasNoTime) {
  test::WriteFinishedRun(folder_ / "run");
  Json report = ReadJsonObject(folder_ / "run/prepared/report.json");
  report["num_skipped"] = 3;
  WriteFileAtomically(folder_ / "run/prepared/report.json", FormatJson(report));
  options_.videos.videos = 40;
  options_.out = folder_ / "plan.json";
  RunPlanRun(options_);
  PlanRunOptions compare;
  compare.plan = options_.out;
  compare.outcome = folder_ / "run";
  const PlanRunReport compared = RunPlanRun(compare);
  EXPECT_FALSE(compared.figures.at("figures").contains("prepare.wall_s"));
  EXPECT_THAT(compared.text, HasSubstr("continued an earlier one"));
}

TEST_F(PlanRun, ASimulationStandsBesideTheFormulas) {
  options_.videos.videos = 1'000'000;
  options_.cluster.node_mtbf_days.value = 0.2;
  options_.cluster.save_s.value = 10;
  options_.cluster.start_s.value = 30;
  options_.settings.epochs.value = 100;
  options_.simulate = true;
  const PlanRunReport report = RunPlanRun(options_);
  const double played_s = report.figures.at("simulation").at("wall_s");
  EXPECT_NEAR(Value(report.figures, "train", "wall_s") / played_s, 1, 0.05);
  EXPECT_THAT(report.text, HasSubstr("simulation"));
}

TEST_F(PlanRun, SlurmSaysHowLargeAnArrayMayBe) {
  WriteFileAtomically(folder_ / "scontrol",
                      "#!/bin/sh\necho 'MaxArraySize            = 99'\n"
                      "echo 'SchedulerParameters     = bf_interval=9,max_array_tasks=77'\n");
  std::filesystem::permissions(folder_ / "scontrol", std::filesystem::perms::all);
  const test::CommandResult result = test::RunCommand(
      {"/usr/bin/env", "PATH=" + folder_.path().string() + ":/usr/bin:/bin",
       test::ToolPath("plan-run"), "--videos", "100000000", "--max-array-size", "0", "--json"});
  ASSERT_EQ(result.exit_status, 0) << result.err;
  EXPECT_DOUBLE_EQ(Value(Json::parse(result.out), "prepare", "tasks"), 77);
}

TEST_F(PlanRun, ThePictureIsSvg) {
  options_.svg = folder_ / "epoch.svg";
  RunPlanRun(options_);
  EXPECT_THAT(ReadFile(options_.svg), HasSubstr("<svg"));
  EXPECT_THAT(ReadFile(options_.svg), Not(HasSubstr("nan")));
}

}  // namespace
}  // namespace reel3d
