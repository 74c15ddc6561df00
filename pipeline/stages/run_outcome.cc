// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/run_outcome.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "pipeline/stages/run_measurements.h"

namespace reel3d {
namespace {

class Outcome {
 public:
  explicit Outcome(RunMeasured run) : run_(std::move(run)) { outcome_.notes = run_.notes; }

  RunOutcome Take() {
    Keep("data.frames", run_.prep.frames > 0 ? run_.prep.frames : run_.pack.frames);
    if (run_.pack.in_groups) {
      AddGroups();
    } else {
      AddSteps();
    }
    AddTraining();
    Keep("score.windows", run_.score.clips);
    Keep("score.rank_s", run_.score.times.seconds);
    KeepWall("score.wall_s", run_.score.times);
    AddQueues();
    return std::move(outcome_);
  }

 private:
  void Keep(const char* key, std::optional<double> value) {
    if (value.has_value() && *value > 0) {
      outcome_.by_key[key] = *value;
    }
  }

  void KeepWall(const char* key, const StageTimes& times) {
    Keep(key, times.wall_s);
    if (times.wall_s && !times.seconds) {
      outcome_.with_pauses.insert(key);
    }
  }

  void AddSteps() {
    const PrepMeasured& prep = run_.prep;
    const PackMeasured& pack = run_.pack;
    if (prep.times.seconds && prep.threads) {
      Keep("prepare.core_s", *prep.times.seconds * *prep.threads);
    }
    KeepWall("prepare.wall_s", prep.times);
    Keep("prepare.bytes", prep.bytes);
    KeepWall("pack.wall_s", pack.times);
    Keep("pack.bytes", pack.bytes);
    Keep("pack.shards", pack.shards);
  }

  void AddGroups() {
    const PackMeasured& pack = run_.pack;
    if (pack.prepare_s && pack.threads > 0) {
      Keep("pack in groups.core_s", *pack.prepare_s * pack.threads);
    }
    Keep("pack in groups.packing_s", pack.packing_s);
    KeepWall("pack in groups.wall_s", pack.times);
    Keep("pack in groups.bytes", pack.bytes);
    Keep("pack in groups.shards", pack.shards);
  }

  void AddTraining() {
    Keep("train.wall_s", run_.train.seconds);
    if (!run_.train.goodput) {
      return;
    }
    const Goodput& goodput = *run_.train.goodput;
    const PartSeconds& parts = goodput.parts;
    const double work_s = In(parts, Part::kKept) + In(parts, Part::kData) +
                          In(parts, Part::kRanks) + In(parts, Part::kValidation);
    Keep("train.work_s", work_s);
    Keep("train.saves_s", In(parts, Part::kSaves));
    Keep("train.lost_s", In(parts, Part::kLost) + In(parts, Part::kUnsaved));
    Keep("train.waiting_for_requeues_s", WaitForRequeues(goodput));
    Keep("train.jobs", static_cast<double>(goodput.jobs.size()));
    if (run_.train.seconds && *run_.train.seconds > 0) {
      Keep("train.goodput", work_s / *run_.train.seconds);
    }
  }

  // The queue of the first job is not part of the training, as in a plan.
  static double WaitForRequeues(const Goodput& goodput) {
    return In(goodput.parts, Part::kQueue) + In(goodput.parts, Part::kBetween) -
           In(goodput.jobs.front().parts, Part::kQueue);
  }

  // The run begins with the first task, and ends with the last one that scores. What no stage took
  // was time in queues, or between two commands.
  void AddQueues() {
    const StageTimes& first = run_.pack.in_groups ? run_.pack.times : run_.prep.times;
    const StageTimes& last = run_.score.times;
    const bool has_all = first.began_s > 0 && last.ended_s > first.began_s &&
                         run_.pack.times.wall_s && run_.train.seconds && last.wall_s &&
                         first.wall_s;
    if (!has_all) {
      return;
    }
    const double all_s = last.ended_s - first.began_s;
    const double prep_s = run_.pack.in_groups ? 0 : *run_.prep.times.wall_s;
    Keep("run.after_queue_s", all_s);
    Keep("run.queues_s",
         all_s - prep_s - *run_.pack.times.wall_s - *run_.train.seconds - *last.wall_s);
  }

  const RunMeasured run_;
  RunOutcome outcome_;
};

}  // namespace

RunOutcome ReadRunOutcome(const std::filesystem::path& folder) {
  return Outcome(ReadRunMeasurements(folder)).Take();
}

}  // namespace reel3d
