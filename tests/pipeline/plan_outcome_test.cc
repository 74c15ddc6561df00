// The plan beside the outcome of a run that many tasks and several starts made on a cluster. The
// run's records are written by the code that the tools use.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/ledger/start_record.h"
#include "pipeline/stages/plan_run.h"
#include "pipeline/stages/run_outcome.h"
#include "pipeline/support/stage_files.h"
#include "pipeline/support/stage_output.h"
#include "pipeline/support/stage_tasks.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Json = nlohmann::ordered_json;

StageOutput Open(const fs::path& folder, const char* tool, int task, int tasks, bool is_shared) {
  StageRun run{folder, tool,  {"height = 120\nquality = 90\n", "height = 120\nquality = 90\n", ""},
               {},     false, TaskSlice()};
  run.slice.task = task;
  run.slice.tasks = tasks;
  run.is_shared = is_shared;
  return StageOutput(run);
}

// A task that worked from `began_s` to `ended_s`. A member of the report overrules the moment that
// StageOutput would write.
Json Worked(double began_s, double ended_s, Json report) {
  report[kBeganAt] = began_s;
  report[kEndedAt] = ended_s;
  report["seconds"] = ended_s - began_s;
  return report;
}

class PlanOutcomeTest : public ::testing::Test {
 protected:
  // Three tasks of an array, each with four cores.
  void WritePrepared(int num_skipped = 0) const {
    const std::vector<std::pair<double, double>> tasks = {{1000, 1100}, {1010, 1105}, {1030, 1160}};
    for (int task = 0; task < 3; ++task) {
      const auto [began_s, ended_s] = tasks[static_cast<size_t>(task)];
      Open(At("prepared"), "prep-videos", task, 3, false)
          .Finish(Worked(began_s, ended_s,
                         {{"num_videos", 10},
                          {"num_skipped", task == 1 ? num_skipped : 0},
                          {"num_frames", 1000},
                          {"workers", 4}}),
                  {}, {10, 0, 0});
    }
    WriteFileAtomically(At("prepared/a.mkv"), std::string(300000, 'x'));
  }

  void WriteShards() const {
    Open(At("shards"), "pack-shards", 0, 1, false)
        .Finish(
            Worked(1200, 1250, {{"num_shards", 1}, {"num_shards_kept", 0}, {"num_frames", 3000}}),
            {});
    WriteFileAtomically(At("shards/00000.h5"), std::string(300000, 'x'));
  }

  // Two slices, which any number of tasks have done. The first was tried before.
  void WriteGroups() const {
    const StageOutput all = Open(At("shards"), "pack-videos", 0, 2, true);
    for (int slice = 0; slice < 2; ++slice) {
      TaskSlice own;
      own.task = slice;
      own.tasks = 2;
      all.OfSlice(own).FinishTask(Worked(1000 + 50 * slice, 1130 + 50 * slice,
                                         {{"num_shards", 2},
                                          {"num_groups_kept", 0},
                                          {"num_frames", 1500},
                                          {"workers", 4},
                                          {"prepare_seconds", 100.0 + slice},
                                          {"pack_seconds", 20.0},
                                          {kEndedAttempts, 1 - slice}}),
                                  {}, {15, 0, 0});
    }
    EXPECT_TRUE(all.JoinReports(0));
    MakeFolders(At("shards/groups"));
    WriteFileAtomically(At("shards/00000.h5"), std::string(300000, 'x'));
  }

  // The first job was killed 10 s after a checkpoint. The second one was queued for a minute.
  void WriteTraining() const {
    StartRecord first;
    first.job = "7";
    first.ranks = 4;
    first.eligible_s = 1260;
    first.job_start_s = 1300;
    first.began_s = 1301;
    first.first_step = 0;
    first.step = 50;
    const auto fill = [](StartRecord* start, double steps_s, double data_s, double ranks_s,
                         double validation_s, double saves_s) {
      In(start->seconds, Work::kStart) = 5;
      In(start->seconds, Work::kSteps) = steps_s;
      In(start->seconds, Work::kData) = data_s;
      In(start->seconds, Work::kRanks) = ranks_s;
      In(start->seconds, Work::kValidation) = validation_s;
      In(start->seconds, Work::kSaves) = saves_s;
      start->at_s = start->began_s + Total(start->seconds);
    };
    fill(&first, 80, 2, 4, 3, 1);
    first.saves.push_back({40, first.seconds});
    fill(&first, 90, 2, 4, 3, 1);
    StartRecord second = first;
    second.job = "8";
    second.saves.clear();
    second.eligible_s = first.at_s;
    second.job_start_s = first.at_s + 60;
    second.began_s = first.at_s + 61;
    second.first_step = 40;
    second.step = 100;
    second.end = kEndComplete;
    fill(&second, 120, 3, 6, 3, 2);
    MakeFolders(At("train"));
    WriteFileAtomically(At("train/starts.jsonl"), FormatStart(first) + FormatStart(second));
    WriteFileAtomically(At("train/times.jsonl"), R"({"clips": 30, "seconds": 60})"
                                                 "\n");
    WriteFileAtomically(At("train/config.ini"),
                        "validation-clips = 3\nvalidation-every = 1\ncheckpoint-epochs = 1\n");
    WriteFileAtomically(At("train/report.json"),
                        R"({"seconds": 134.0, "steps": 100, "epochs": 2, "ranks": 4,)"
                        R"( "validation_videos": 5})");
    end_of_training_s_ = second.at_s;
  }

  // Two tasks, one after the other.
  void WriteScores() const {
    for (int task = 0; task < 2; ++task) {
      const double began_s = end_of_training_s_ + 100 + 30 * task;
      Open(At("scores"), "score-videos", task, 2, false)
          .Finish(Worked(began_s, began_s + 20, {{"clips", 300}, {"parts_kept", 0}}), {},
                  {5, 0, 0});
    }
  }

  fs::path At(const std::string& path) const { return folder_ / "run" / path; }

  test::TemporaryFolder folder_;
  mutable double end_of_training_s_ = 0;
};

TEST_F(PlanOutcomeTest, TimesOfManyTasksAndStartsAreAddedUp) {
  WritePrepared();
  WriteShards();
  WriteTraining();
  WriteScores();
  const RunOutcome outcome = ReadRunOutcome(At(""));
  const auto measured = [&](const char* key) {
    return outcome.by_key.count(key) == 0 ? -1 : outcome.by_key.at(key);
  };
  EXPECT_DOUBLE_EQ(measured("prepare.wall_s"), 160);
  EXPECT_DOUBLE_EQ(measured("prepare.core_s"), (100 + 95 + 130) * 4);
  EXPECT_DOUBLE_EQ(measured("data.frames"), 3000);
  EXPECT_DOUBLE_EQ(measured("pack.wall_s"), 50);
  // Up to the checkpoint 80 + 2 + 4 + 3 s, then 120 + 3 + 6 + 3 s.
  EXPECT_NEAR(measured("train.work_s"), 89 + 132, 1e-3);
  EXPECT_NEAR(measured("train.saves_s"), 3, 1e-3);
  EXPECT_NEAR(measured("train.lost_s"), 10, 1e-3);
  EXPECT_NEAR(measured("train.waiting_for_requeues_s"), 60, 1e-3);
  EXPECT_DOUBLE_EQ(measured("train.jobs"), 2);
  // From the start of the first job: 1 s and 105 s, 61 s, 139 s.
  EXPECT_NEAR(measured("train.wall_s"), 1 + 105 + 61 + 139, 1e-3);
  EXPECT_NEAR(measured("train.goodput"), 221.0 / 306, 1e-5);
  EXPECT_DOUBLE_EQ(measured("score.wall_s"), 50);
  EXPECT_DOUBLE_EQ(measured("score.rank_s"), 40);
  EXPECT_DOUBLE_EQ(measured("score.windows"), 600);
  const double all_s = 1300 + 306 + 150 - 1000;
  EXPECT_NEAR(measured("run.after_queue_s"), all_s, 1e-3);
  EXPECT_NEAR(measured("run.queues_s"), all_s - 160 - 50 - 306 - 50, 1e-3);
  EXPECT_THAT(outcome.notes, IsEmpty());
  EXPECT_THAT(outcome.with_pauses, IsEmpty());
}

TEST_F(PlanOutcomeTest, GroupsAreComparedAndGiveRates) {
  WriteGroups();
  WriteTraining();
  WriteScores();
  PlanRunOptions options;
  options.videos.videos = 30;
  options.videos.seconds = 4;
  options.settings.packing = plan::Packing::kGroups;
  options.settings.group_videos.value = 15;
  options.settings.batch.value = options.settings.ranks.value = 4;
  options.settings.height.value = 120;
  options.settings.prep_nodes.value = 2;
  options.cluster.cores_per_node.value = 4;
  options.measured = {At("")};
  options.out = folder_ / "plan.json";
  const PlanRunReport plan = RunPlanRun(options);
  // 3,000 frames took (100 + 101) s of four workers; 300 kB took 40 s.
  EXPECT_DOUBLE_EQ(plan.figures.at("rates").at("prep_ms").at("value"), 1000 * 201.0 * 4 / 3000);
  EXPECT_DOUBLE_EQ(plan.figures.at("rates").at("pack_mb_per_s").at("value"), 0.3 / 40);
  PlanRunOptions compare;
  compare.plan = options.out;
  compare.outcome = At("");
  compare.correction = folder_ / "correction.json";
  const PlanRunReport compared = RunPlanRun(compare);
  const Json& figures = compared.figures.at("figures");
  EXPECT_DOUBLE_EQ(figures.at("pack in groups.wall_s").at("measured"), 180);
  EXPECT_DOUBLE_EQ(figures.at("pack in groups.core_s").at("measured"), 804);
  for (const char* key : {"data.frames", "pack in groups.core_s", "pack in groups.packing_s",
                          "pack in groups.bytes"}) {
    EXPECT_NEAR(figures.at(key).at("ratio"), 1, 1e-9) << key;
  }
  EXPECT_FALSE(figures.contains("prepare.wall_s"));
  EXPECT_THAT(compared.text, HasSubstr("1 attempt ended before its slice was done"));
  const Json rates = ReadJsonObject(compare.correction).at("rates");
  EXPECT_NEAR(rates.at("prep_ms"), 268, 1e-9);
  EXPECT_NEAR(rates.at("pack_mb_per_s"), 0.3 / 40, 1e-12);
  EXPECT_NEAR(rates.at("start_s"), 6, 1e-3);  // with the second from job to process
  EXPECT_NEAR(rates.at("save_s"), 3.0 / 2, 1e-3);
}

// A task that was ended at its time limit has continued. Its clock runs on, but its speed is not
// known, so the correction does not use it.
TEST_F(PlanOutcomeTest, TheClockRunsOnWhileATaskIsQueuedAgain) {
  WritePrepared(/*num_skipped=*/3);
  const RunOutcome outcome = ReadRunOutcome(At(""));
  EXPECT_DOUBLE_EQ(outcome.by_key.at("prepare.wall_s"), 160);
  EXPECT_EQ(outcome.by_key.count("prepare.core_s"), 0U);
  EXPECT_THAT(outcome.with_pauses, ElementsAre("prepare.wall_s"));
  EXPECT_THAT(outcome.notes, ElementsAre(HasSubstr("the clock runs from the first start")));
}

}  // namespace
}  // namespace reel3d
