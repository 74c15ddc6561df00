// SPDX-License-Identifier: Apache-2.0
#include "lib/plan/run_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "lib/base/error.h"

namespace reel3d::plan {
namespace {

constexpr double kHour_s = 3600;
constexpr double kDay_s = 86400;
constexpr double kListBytes = 450;  // memory for a row of the manifest, as measured

double StoredBytes(const Request& request) {
  return request.videos.NumFrames() * request.rates.frame_kb.value * 1000;
}

double ShardBytes(const Settings& settings) { return settings.shard_mib.value * 1024 * 1024; }

double NumValidation(const Videos& videos) {
  return videos.num_videos.value - videos.num_training.value;
}

double ScoreRanks(const Settings& settings) {
  return settings.score_ranks.value > 0 ? settings.score_ranks.value : settings.ranks.value;
}

double ClipBytes(const Request& request) {
  return request.settings.clip_frames.value * request.rates.frame_kb.value * 1000;
}

double StorageClipsPerSecond(const Request& request) {
  return request.cluster.storage_gb_per_s.value * 1e9 / ClipBytes(request);
}

// Returns the rate of all loader cores of one rank.
double RankLoaderClipsPerSecond(const Request& request, double num_ranks) {
  const Cluster& cluster = request.cluster;
  return request.rates.loader_clips_per_s.value * cluster.cores_per_node.value /
         std::min(num_ranks, cluster.ranks_per_node.value);
}

Link LinkOf(const Known& latency_us, const Known& gb_per_s) {
  return {latency_us.value * 1e-6, gb_per_s.value * 1e9};
}

StepConditions StepOf(const Request& request, double num_ranks) {
  const Rates& rates = request.rates;
  const Cluster& cluster = request.cluster;
  StepConditions step;
  step.num_ranks = num_ranks;
  step.clips_per_rank = request.settings.batch.value / num_ranks;
  step.compute_clips_per_s = rates.train_clips_per_s.value;
  step.loader_clips_per_s = RankLoaderClipsPerSecond(request, num_ranks);
  step.storage_clips_per_s = StorageClipsPerSecond(request) / num_ranks;
  step.gradient_bytes = rates.parameters.value * 1e6 * sizeof(float);
  step.overlap = request.settings.overlap.value;
  step.straggling_s = rates.straggling_ms.value / 1000;
  step.topology = {cluster.ranks_per_node.value, LinkOf(cluster.inside_us, cluster.inside_gb_per_s),
                   LinkOf(cluster.between_us, cluster.between_gb_per_s)};
  return step;
}

// Returns the time in which `num_ranks` put `clips` through the network without training, and what
// limits it. Each rank is for itself. A measured rate is that of a rank with its loader cores, so
// these do not count again.
StepTime PlanPass(const Request& request, double clips, const Known& clips_per_s,
                  double num_ranks) {
  StepConditions one_rank;
  one_rank.clips_per_rank = clips / num_ranks;
  one_rank.compute_clips_per_s = clips_per_s.value;
  one_rank.loader_clips_per_s = clips_per_s.origin == Origin::kMeasured
                                    ? clips_per_s.value
                                    : RankLoaderClipsPerSecond(request, num_ranks);
  one_rank.storage_clips_per_s = StorageClipsPerSecond(request) / num_ranks;
  return ExpectedStep(one_rank);
}

JobConditions JobOf(const Request& request, double num_nodes) {
  const Cluster& cluster = request.cluster;
  JobConditions job;
  job.save_s = cluster.save_s.value;
  job.start_s = cluster.start_s.value;
  if (cluster.node_mtbf_days.value > 0) {
    job.mtbf_s = JobMtbfSeconds(cluster.node_mtbf_days.value * kDay_s, num_nodes);
  }
  if (cluster.limit_hours.value > 0) {
    job.limit_s = cluster.limit_hours.value * kHour_s;
  }
  job.requeue_s = cluster.queue_minutes.value * 60;
  return job;
}

// Returns the time between checkpoints. Without failures one checkpoint per epoch is enough.
double IntervalSeconds(const TrainingPlan& training, const JobConditions& job) {
  const double longest_s = std::max(training.epoch_s, job.save_s);
  return std::isfinite(job.mtbf_s) && job.save_s > 0 ? training.daly_s : longest_s;
}

void PlanRestarts(const Request& request, TrainingPlan* training) {
  const JobConditions job = JobOf(request, training->num_nodes);
  if (std::isfinite(job.mtbf_s)) {
    training->young_s = YoungIntervalSeconds(job.save_s, job.mtbf_s);
    training->daly_s = DalyIntervalSeconds(job.save_s, job.mtbf_s);
  }
  training->work_s = request.settings.epochs.value * training->epoch_s;
  const double work_s = training->work_s;
  training->interval_s = std::min(work_s, IntervalSeconds(*training, job));
  training->job = ExpectedTimes(work_s, training->interval_s, job);
  training->rank_hours =
      (training->job.wall_s - training->job.waiting_s) / kHour_s * training->num_ranks;
}

ArrayConditions ArrayOf(const Request& request) {
  ArrayConditions array;
  array.task_s = request.settings.task_minutes.value * 60;
  array.max_tasks = request.cluster.max_array_size.value;
  return array;
}

double PackSeconds(const Request& request) {
  return StoredBytes(request) / (request.rates.pack_mb_per_s.value * 1e6);
}

ArraySize PlanPrep(const Request& request, double core_s, double num_items) {
  ArrayConditions array = ArrayOf(request);
  array.core_s = core_s;
  array.num_items = num_items;
  array.cores_per_task = TaskCores(request.cluster).value;
  array.tasks_at_once = request.settings.prep_nodes.value;
  return SizeArray(array);
}

// Each group ends with a shard that is not full. A group's record is a file too. A task prepares a
// group with all its cores, then packs it; meanwhile its cores wait for the disk.
void PlanGroups(const Request& request, RunPlan* plan) {
  const Settings& settings = request.settings;
  const double num_videos = request.videos.num_videos.value;
  plan->num_groups = std::ceil(num_videos / settings.group_videos.value);
  plan->group_bytes =
      plan->stored_bytes / num_videos * std::min(num_videos, settings.group_videos.value);
  plan->num_shards = plan->num_groups * std::ceil(plan->group_bytes / ShardBytes(settings));
  plan->pack_s = PackSeconds(request);
  plan->pack_jobs = 0;
  plan->prep =
      PlanPrep(request, plan->prep_core_s + plan->pack_s * TaskCores(request.cluster).value,
               plan->num_groups);
  const double at_once = std::min(plan->prep.num_tasks, settings.prep_nodes.value);
  plan->peak_bytes = plan->stored_bytes + at_once * plan->group_bytes;
  plan->peak_files = plan->num_shards + plan->num_groups;
}

void PlanSteps(const Request& request, RunPlan* plan) {
  const double num_videos = request.videos.num_videos.value;
  plan->num_shards = std::ceil(plan->stored_bytes / ShardBytes(request.settings));
  plan->prep = PlanPrep(request, plan->prep_core_s, num_videos);
  plan->pack_s = PackSeconds(request);
  if (request.cluster.limit_hours.value > 0) {
    plan->pack_jobs =
        std::max(1.0, std::ceil(plan->pack_s / (request.cluster.limit_hours.value * kHour_s)));
  }
  plan->peak_bytes = 2 * plan->stored_bytes;
  plan->peak_files = num_videos + plan->num_shards;
}

// The last window of a video is looped if it is not full. So on average a video has half a window
// more than its frames fill.
double WindowsPerVideo(const Request& request) {
  const Videos& videos = request.videos;
  return videos.seconds.value * videos.fps.value / request.settings.clip_frames.value + 0.5;
}

void PlanScoring(const Request& request, RunPlan* plan) {
  plan->score_windows = NumValidation(request.videos) * WindowsPerVideo(request);
  const double num_ranks = ScoreRanks(request.settings);
  const StepTime pass =
      PlanPass(request, plan->score_windows, request.rates.score_clips_per_s, num_ranks);
  plan->score_s = pass.total_s;
  plan->score_limit = pass.limit;
  plan->score_rank_s = plan->score_s * num_ranks;
  ArrayConditions array = ArrayOf(request);
  array.core_s = plan->score_rank_s;
  array.num_items = std::max(1.0, NumValidation(request.videos));
  array.tasks_at_once = num_ranks;
  plan->score = SizeArray(array);
}

void AddUp(const Request& request, RunPlan* plan) {
  const Cluster& cluster = request.cluster;
  constexpr double kNumOthers = 3;  // prepare, train, score
  plan->queue_s = (kNumOthers + plan->pack_jobs) * cluster.queue_minutes.value * 60;
  const bool packs_alone = request.settings.packing == Packing::kSteps;
  plan->wall_s = plan->prep.wall_s + (packs_alone ? plan->pack_s : 0) + plan->training.job.wall_s +
                 plan->score_s + plan->queue_s;
  plan->core_hours = (plan->prep_core_s + plan->pack_s * TaskCores(cluster).value) / kHour_s;
  plan->cost =
      plan->core_hours * cluster.core_hour_price.value +
      (plan->training.rank_hours + plan->score_rank_s / kHour_s) * cluster.rank_hour_price.value;
}

}  // namespace

Known TaskCores(const Cluster& cluster) {
  return cluster.task_cores.value > 0 ? cluster.task_cores : cluster.cores_per_node;
}

TrainingPlan PlanTraining(const Request& request, double num_ranks) {
  const Settings& settings = request.settings;
  if (num_ranks > settings.batch.value) {
    throw UsageError(
        fmt::format("{:.10g} ranks cannot share a batch of {:.10g} clips: give a "
                    "larger --batch or fewer --ranks",
                    num_ranks, settings.batch.value));
  }
  if (!(request.videos.num_training.value >= 1)) {
    throw UsageError("no video is for training: plan-run plans runs that train");
  }
  TrainingPlan training;
  training.num_ranks = num_ranks;
  training.num_nodes = std::ceil(num_ranks / request.cluster.ranks_per_node.value);
  training.step = ExpectedStep(StepOf(request, num_ranks));
  const double clips = request.videos.num_training.value * settings.clips_per_video.value;
  training.steps_per_epoch = std::max(1.0, std::floor(clips / settings.batch.value));
  const Known& window_ms = request.rates.validation_ms;
  const StepTime validation =
      PlanPass(request, NumValidation(request.videos) * settings.validation_windows.value,
               {1000 / window_ms.value, window_ms.origin}, num_ranks);
  training.validation_limit = validation.limit;
  training.epoch_s = training.steps_per_epoch * training.step.total_s +
                     validation.total_s / settings.validation_every.value;
  training.loader_cores =
      request.rates.train_clips_per_s.value / request.rates.loader_clips_per_s.value;
  training.storage_bytes_per_s = settings.batch.value / training.step.total_s * ClipBytes(request);
  PlanRestarts(request, &training);
  return training;
}

RunPlan MakePlan(const Request& request) {
  RunPlan plan;
  plan.num_frames = request.videos.NumFrames();
  plan.stored_bytes = StoredBytes(request);
  plan.prep_core_s = plan.num_frames * request.rates.prep_ms.value / 1000;
  plan.list_bytes = request.videos.num_videos.value * kListBytes;
  if (request.settings.packing == Packing::kGroups) {
    PlanGroups(request, &plan);
  } else {
    PlanSteps(request, &plan);
  }
  plan.training = PlanTraining(request, request.settings.ranks.value);
  PlanScoring(request, &plan);
  AddUp(request, &plan);
  return plan;
}

std::vector<double> RanksToShow(const Request& request) {
  const double planned = request.settings.ranks.value;
  std::set<double> shown = {planned};
  const double most = std::min(4 * planned, request.settings.batch.value);
  for (int64_t ranks = 1; static_cast<double>(ranks) <= most; ranks *= 2) {
    shown.insert(static_cast<double>(ranks));
  }
  return {shown.begin(), shown.end()};
}

}  // namespace reel3d::plan
