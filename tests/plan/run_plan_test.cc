// SPDX-License-Identifier: Apache-2.0
#include "lib/plan/run_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>

#include "lib/base/error.h"
#include "lib/plan/figures.h"
#include "lib/plan/frame_cost.h"
#include "lib/plan/storage_choices.h"

namespace reel3d::plan {
namespace {

using ::testing::ElementsAre;

Request Kinetics() {
  Request request;
  request.videos = {{300000, Origin::kGiven},
                    {240000, Origin::kGiven},
                    {10, Origin::kGiven},
                    {25, Origin::kGiven},
                    {720, Origin::kGiven}};
  Rates& rates = request.rates;
  rates.prep_ms.value = 3.6;
  rates.frame_kb.value = 32;
  rates.pack_mb_per_s.value = 100;
  rates.train_clips_per_s = {2000, Origin::kMeasured};
  rates.score_clips_per_s.value = 4000;
  rates.loader_clips_per_s.value = 500;
  rates.validation_ms.value = 0.25;
  rates.parameters.value = 33;
  return request;
}

Origin OriginOf(const Request& request, const std::string& stage, const std::string& key) {
  for (const Figure& figure : FiguresOf(request, MakePlan(request))) {
    if (figure.stage == stage && figure.key == key) {
      return figure.value.origin;
    }
  }
  throw std::invalid_argument(stage + " has no " + key);
}

TEST(RunPlan, CountsBytesShardsAndHours) {
  const RunPlan plan = MakePlan(Kinetics());
  EXPECT_DOUBLE_EQ(plan.num_frames, 75e6);
  EXPECT_DOUBLE_EQ(plan.stored_bytes, 2.4e12);
  EXPECT_DOUBLE_EQ(plan.num_shards, 2236);
  EXPECT_DOUBLE_EQ(plan.prep_core_s, 270000);
  EXPECT_DOUBLE_EQ(plan.prep.num_tasks, 2);  // 64 cores each
  EXPECT_DOUBLE_EQ(plan.pack_s, 24000);
  EXPECT_DOUBLE_EQ(plan.training.loader_cores, 4);
  EXPECT_DOUBLE_EQ(plan.score_windows, 60000 * (250.0 / 16 + 0.5));
}

// A task prepares a group with its 64 cores, then packs it at 100 MB/s. There are 300 groups of
// 1,000 videos, or 8 GB: eight shards of 1 GiB, the last one not full.
TEST(RunPlan, GroupsArePackedByTheTasksThatPrepare) {
  Request request = Kinetics();
  request.settings.packing = Packing::kGroups;
  request.settings.prep_nodes.value = 4;
  const RunPlan plan = MakePlan(request);
  EXPECT_DOUBLE_EQ(plan.num_groups, 300);
  EXPECT_DOUBLE_EQ(plan.group_bytes, 8e9);
  EXPECT_DOUBLE_EQ(plan.num_shards, 300 * 8);
  EXPECT_DOUBLE_EQ(plan.prep_core_s, 270000);
  EXPECT_DOUBLE_EQ(plan.prep.num_tasks, 11);  // (270,000 / 64 + 24,000) s in tasks of 45 minutes
  EXPECT_DOUBLE_EQ(plan.prep.num_waves, 3);
  EXPECT_NEAR(plan.prep.wall_s, 3 * (270000.0 / 64 + 24000) / 11, 1e-6);
  EXPECT_DOUBLE_EQ(plan.peak_bytes, 2.4e12 + 4 * 8e9);
  EXPECT_DOUBLE_EQ(plan.peak_files, 2400 + 300);
  EXPECT_NEAR(plan.wall_s, plan.prep.wall_s + plan.training.job.wall_s + plan.score_s + 3 * 1800,
              1e-6);
  request.settings.packing = Packing::kSteps;
  const RunPlan steps = MakePlan(request);
  EXPECT_DOUBLE_EQ(steps.peak_bytes, 2 * 2.4e12);
  EXPECT_DOUBLE_EQ(steps.peak_files, 300000 + 2236);
}

TEST(RunPlan, ValidatesOnlyAfterSomeEpochs) {
  Request request = Kinetics();
  const double validation_s = 60000 * 3 * 0.25 / 1000;
  const double every = PlanTraining(request, 1).epoch_s;
  request.settings.validation_every.value = 10;
  EXPECT_NEAR(every - PlanTraining(request, 1).epoch_s, 0.9 * validation_s, 1e-9);
}

TEST(RunPlan, AnEpochIsItsStepsAndItsValidation) {
  Request request = Kinetics();
  request.cluster.storage_gb_per_s.value = 100;
  const TrainingPlan training = PlanTraining(request, 1);
  EXPECT_DOUBLE_EQ(training.steps_per_epoch, 937);
  EXPECT_DOUBLE_EQ(training.epoch_s, 937 * 256 / 2000.0 + 60000 * 3 / 4000.0);
  EXPECT_NEAR(PlanTraining(request, 8).epoch_s, training.epoch_s / 8, 0.02 * training.epoch_s);
}

TEST(RunPlan, TheArrayKeepsToItsSize) {
  Request request = Kinetics();
  request.cluster.cores_per_node.value = 1;
  EXPECT_DOUBLE_EQ(MakePlan(request).prep.num_tasks, 100);
  request.cluster.max_array_size.value = 10;
  request.settings.prep_nodes.value = 4;
  const ArraySize prep = MakePlan(request).prep;
  EXPECT_DOUBLE_EQ(prep.num_tasks, 10);
  EXPECT_TRUE(prep.is_cut);
  EXPECT_DOUBLE_EQ(prep.num_waves, 3);
  EXPECT_DOUBLE_EQ(prep.wall_s, 81000);
}

TEST(RunPlan, PackingIsQueuedAgainAtTheTimeLimit) {
  Request request = Kinetics();
  EXPECT_DOUBLE_EQ(MakePlan(request).pack_jobs, 1);
  const double wall_s = MakePlan(request).wall_s;
  request.cluster.limit_hours.value = 2;  // the job needs 6 h 40 min
  const RunPlan plan = MakePlan(request);
  EXPECT_DOUBLE_EQ(plan.pack_jobs, 4);
  EXPECT_NEAR(plan.wall_s - plan.training.job.wall_s,
              wall_s - MakePlan(Kinetics()).training.job.wall_s + 3 * 30 * 60, 1e-6);
}

TEST(RunPlan, NoTaskIsWithoutAVideo) {
  Request request = Kinetics();
  request.videos.num_videos.value = 3;
  request.videos.num_training.value = 2;
  request.videos.seconds.value = 1e7;
  EXPECT_DOUBLE_EQ(MakePlan(request).prep.num_tasks, 3);
}

// 967,500 windows at 4,000 in a second are 242 s.
TEST(RunPlan, ScoringIsCutIntoTasksAsWell) {
  Request request = Kinetics();
  request.cluster.storage_gb_per_s.value = 1000;
  EXPECT_DOUBLE_EQ(MakePlan(request).score.num_tasks, 1);
  request.settings.task_minutes.value = 1;
  EXPECT_DOUBLE_EQ(MakePlan(request).score.num_tasks, 5);
  EXPECT_DOUBLE_EQ(MakePlan(request).score.task_s, 967500.0 / 4000 / 5);
  request.cluster.max_array_size.value = 3;
  EXPECT_DOUBLE_EQ(MakePlan(request).score.num_tasks, 3);
  request.videos.num_training.value = request.videos.num_videos.value;
  EXPECT_DOUBLE_EQ(MakePlan(request).score.num_tasks, 1) << "nothing is scored";
}

// 8 ranks score 967,500 windows of 16 frames of 32 kB, and validate 3 windows of 60,000 videos.
TEST(RunPlan, ScoringAndValidationWaitForTheStorage) {
  Request request = Kinetics();
  request.cluster.storage_gb_per_s.value = 1000;
  EXPECT_NEAR(MakePlan(request).score_s, 967500.0 / 4000 / 8, 1e-9);
  request.cluster.storage_gb_per_s.value = 0.512;  // 1,000 windows in a second
  request.rates.train_clips_per_s.value = 1;       // training itself waits for nothing
  const RunPlan slow = MakePlan(request);
  EXPECT_NEAR(slow.score_s, 967.5, 1e-9);
  EXPECT_NEAR(slow.score_rank_s, 8 * 967.5, 1e-6);
  request.cluster.storage_gb_per_s.value = 1000;
  EXPECT_NEAR(slow.training.epoch_s - MakePlan(request).training.epoch_s,
              180000.0 / 1000 - 180000.0 / 4000 / 8, 1e-6);
}

// Four cores of a rank load 2,000 clips/s. Rates that were measured had a loader.
TEST(RunPlan, ScoringAndValidationWaitForTheLoader) {
  Request request = Kinetics();
  request.cluster.storage_gb_per_s.value = 1000;
  request.rates.train_clips_per_s.value = 1;
  const TrainingPlan quick = MakePlan(request).training;
  request.cluster.cores_per_node = {32, Origin::kGiven};
  request.rates.loader_clips_per_s.origin = Origin::kMeasured;
  const RunPlan slow = MakePlan(request);
  EXPECT_NEAR(slow.score_s, 967500.0 / 2000 / 8, 1e-9);
  EXPECT_NEAR(slow.training.epoch_s - quick.epoch_s, 180000.0 / 2000 / 8 - 180000.0 / 4000 / 8,
              1e-6);
  EXPECT_EQ(OriginOf(request, "score", "wall_s"), Origin::kGiven);
  request.rates.train_clips_per_s = {1, Origin::kMeasured};
  request.rates.validation_ms.origin = Origin::kGiven;
  EXPECT_EQ(OriginOf(request, "train", "epoch_s"), Origin::kGiven);
  request.rates.loader_clips_per_s.origin = Origin::kAssumed;
  EXPECT_EQ(OriginOf(request, "train", "epoch_s"), Origin::kAssumed) << "it limits validation";
  request.rates.score_clips_per_s.origin = Origin::kMeasured;
  request.rates.validation_ms.origin = Origin::kMeasured;
  EXPECT_NEAR(MakePlan(request).score_s, 967500.0 / 4000 / 8, 1e-9);
  EXPECT_NEAR(MakePlan(request).training.epoch_s, quick.epoch_s, 1e-9);
}

TEST(RunPlan, ATaskMayHaveFewerCoresThanANode) {
  Request request = Kinetics();
  const RunPlan nodes = MakePlan(request);
  request.cluster.task_cores.value = 16;
  for (const Packing packing : {Packing::kSteps, Packing::kGroups}) {
    request.settings.packing = packing;
    const RunPlan tasks = MakePlan(request);
    const double pack_s = packing == Packing::kGroups ? 24000 : 0;
    EXPECT_NEAR(tasks.prep.task_s * tasks.prep.num_tasks, 270000.0 / 16 + pack_s, 1e-6);
    EXPECT_NEAR(tasks.core_hours, (270000 + 24000 * 16) / 3600.0, 1e-9);
    EXPECT_EQ(tasks.training.epoch_s, nodes.training.epoch_s);
    EXPECT_EQ(tasks.score_s, nodes.score_s);
  }
  request.settings.packing = Packing::kSteps;
  request.rates.prep_ms.origin = Origin::kMeasured;
  EXPECT_EQ(OriginOf(request, "prepare", "wall_s"), Origin::kAssumed);
  request.cluster.task_cores.origin = Origin::kGiven;
  EXPECT_EQ(OriginOf(request, "prepare", "wall_s"), Origin::kGiven);
}

TEST(RunPlan, EachFigureHasTheOriginOfItsWeakestSource) {
  const Request request = Kinetics();
  std::set<std::string> keys;
  for (const Figure& figure : FiguresOf(request, MakePlan(request))) {
    EXPECT_TRUE(keys.insert(figure.stage + "." + figure.key).second) << figure.key;
    if (figure.key == "frames") {
      EXPECT_EQ(figure.value.origin, Origin::kGiven);
    } else if (figure.key == "compute_s") {
      EXPECT_EQ(figure.value.origin, Origin::kMeasured);
    } else if (figure.key == "core_s" || figure.key == "epoch_s") {
      EXPECT_EQ(figure.value.origin, Origin::kAssumed);
    }
  }
}

TEST(RunPlan, AStepHasTheOriginOfWhatLimitsIt) {
  Request request = Kinetics();
  request.cluster.storage_gb_per_s = {100, Origin::kGiven};
  request.rates.frame_kb.origin = Origin::kMeasured;
  const auto origin = [&] { return OriginOf(request, "train", "step_s"); };
  EXPECT_EQ(origin(), Origin::kMeasured);
  request.cluster.storage_gb_per_s.value = 0.1;
  EXPECT_EQ(origin(), Origin::kGiven);
  request.cluster.storage_gb_per_s.value = 100;
  request.cluster.inside_gb_per_s.value = 1;  // the all-reduce can no longer be hidden
  EXPECT_EQ(origin(), Origin::kAssumed);
}

TEST(RunPlan, RanksUpToTheBatchAreShown) {
  Request request = Kinetics();
  request.settings.ranks.value = 3;
  EXPECT_THAT(RanksToShow(request), ElementsAre(1, 2, 3, 4, 8));
  request.settings.batch.value = 4;
  EXPECT_THAT(RanksToShow(request), ElementsAre(1, 2, 3, 4));
  EXPECT_THROW(PlanTraining(request, 5), Error);
}

TEST(StorageChoices, SmallerFramesTakeLessOfAll) {
  Request request = Kinetics();
  request.settings.height.value = 288;
  const std::vector<StorageChoice> choices = StorageChoices(request);
  ASSERT_EQ(choices.size(), 7U);
  const auto planned = std::find_if(choices.begin(), choices.end(),
                                    [](const auto& choice) { return choice.height == 288; });
  ASSERT_NE(planned, choices.end());
  EXPECT_DOUBLE_EQ(planned->stored_bytes, MakePlan(request).stored_bytes);
  EXPECT_DOUBLE_EQ(planned->loader_cores, 4);
  EXPECT_DOUBLE_EQ(planned->rank_bytes_per_s, 2000 * 16 * 32e3);
  const double frames = MakePlan(request).num_frames;
  EXPECT_NEAR((choices[3].stored_bytes / frames - 600) / (choices[5].stored_bytes / frames - 600),
              std::pow(0.75, 1.453), 1e-9);
  EXPECT_LT(choices.front().stored_bytes, planned->stored_bytes);
  EXPECT_LT(choices.front().loader_cores, planned->loader_cores);
  EXPECT_GT(choices.back().loader_cores, planned->loader_cores);
}

TEST(FrameCost, FollowsItsSamples) {
  EXPECT_NEAR(FrameBytes(360, 90), 32500, 1e-6);
  EXPECT_NEAR(FrameBytes(360, 80), 23050, 1e-6);
  EXPECT_NEAR(FrameBytes(240, 90), 18300, 50);
  EXPECT_NEAR(PrepMilliseconds(720, 360, 16.0 / 9), 3.35, 1e-9);
  EXPECT_NEAR(PrepMilliseconds(900, 360, 16.0 / 9), 4.005, 1e-9);
  EXPECT_GT(PrepMilliseconds(2160, 360, 16.0 / 9), 8);
  EXPECT_GT(PrepMilliseconds(16, 360, 16.0 / 9), 0);
  EXPECT_GT(FrameBytes(360, 1), 0);
  // Drawn videos had 1,754, 2,991 and 7,274 bytes a frame at heights 72, 120 and 240.
  EXPECT_NEAR(ConvertFrameBytes(1754, {72, 90}, {120, 90}), 2991, 0.05 * 2991);
  EXPECT_NEAR(ConvertFrameBytes(1754, {72, 90}, {240, 90}), 7274, 0.05 * 7274);
  EXPECT_NEAR(ConvertFrameBytes(1754, {72, 90}, {72, 90}), 1754, 1e-9);
  // They took 0.222, 0.239 and 0.448 ms, with 1.29 pixels of width for one of height.
  const double to_72 = PrepMilliseconds(130, 72, 1.29);
  EXPECT_NEAR(0.222 * PrepMilliseconds(130, 120, 1.29) / to_72, 0.239, 0.1 * 0.239);
  EXPECT_NEAR(0.222 * PrepMilliseconds(130, 240, 1.29) / to_72, 0.448, 0.1 * 0.448);
  EXPECT_NEAR(LoaderClipsPerSecond(240, 90), 923, 1);
}

}  // namespace
}  // namespace reel3d::plan
