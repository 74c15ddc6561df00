// SPDX-License-Identifier: Apache-2.0
#include "lib/plan/figures.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace reel3d::plan {
namespace {

class Figures {
 public:
  void Begin(const char* stage, Origin origin) {
    stage_ = stage;
    origin_ = origin;
  }
  void Add(const char* key, const char* text, Unit unit, double value) {
    Add(key, text, unit, value, origin_);
  }
  void Add(const char* key, const char* text, Unit unit, double value, Origin origin) {
    figures_.push_back({stage_, key, text, unit, {value, origin}});
  }
  std::vector<Figure> Take() { return std::move(figures_); }

 private:
  std::string stage_;
  Origin origin_ = Origin::kAssumed;
  std::vector<Figure> figures_;
};

Origin FramesOrigin(const Videos& videos) {
  return WeakestOf({videos.num_videos, videos.seconds, videos.fps});
}

Origin Weaker(Origin one, Origin other) { return std::max(one, other); }

void AddData(const Request& request, const RunPlan& plan, Figures* figures) {
  const Videos& videos = request.videos;
  figures->Begin("data", FramesOrigin(videos));
  figures->Add("videos", "videos", Unit::kCount, videos.num_videos.value, videos.num_videos.origin);
  figures->Add("training_videos", "videos to train on", Unit::kCount, videos.num_training.value,
               videos.num_training.origin);
  figures->Add("frames", "frames", Unit::kCount, plan.num_frames);
}

Origin BytesOrigin(const Request& request) {
  return Weaker(FramesOrigin(request.videos), WeakestOf({request.rates.frame_kb}));
}

Origin CoreTimeOrigin(const Request& request) {
  return Weaker(FramesOrigin(request.videos), WeakestOf({request.rates.prep_ms}));
}

Origin PackOrigin(const Request& request) {
  return Weaker(BytesOrigin(request), request.rates.pack_mb_per_s.origin);
}

void AddArray(const ArraySize& array, Figures* figures) {
  figures->Add("tasks", "tasks of the array", Unit::kCount, array.num_tasks);
  figures->Add("task_s", "time of a task", Unit::kSeconds, array.task_s);
  figures->Add("waves", "waves of tasks", Unit::kCount, array.num_waves);
  figures->Add("wall_s", "time without queue", Unit::kSeconds, array.wall_s);
}

void AddList(const Request& request, const RunPlan& plan, Figures* figures) {
  figures->Add("list_bytes", "memory of a task for the list", Unit::kBytes, plan.list_bytes,
               request.videos.num_videos.origin);
}

void AddSteps(const Request& request, const RunPlan& plan, Figures* figures) {
  const Origin core_time = CoreTimeOrigin(request);
  const Origin bytes = BytesOrigin(request);
  figures->Begin("prepare", Weaker(core_time, WeakestOf({TaskCores(request.cluster)})));
  figures->Add("core_s", "time of one core", Unit::kSeconds, plan.prep_core_s, core_time);
  AddArray(plan.prep, figures);
  figures->Add("bytes", "prepared videos", Unit::kBytes, plan.stored_bytes, bytes);
  AddList(request, plan, figures);
  figures->Begin("pack", bytes);
  figures->Add("shards", "shards", Unit::kCount, plan.num_shards);
  figures->Add("bytes", "all shards", Unit::kBytes, plan.stored_bytes);
  figures->Add("peak_bytes", "disk, until prepared videos go", Unit::kBytes, plan.peak_bytes);
  figures->Add("peak_files", "files, until prepared videos go", Unit::kCount, plan.peak_files);
  const Origin time = PackOrigin(request);
  figures->Add("wall_s", "time without queue", Unit::kSeconds, plan.pack_s, time);
  figures->Add("jobs", "jobs, with requeues", Unit::kCount, plan.pack_jobs,
               Weaker(time, request.cluster.limit_hours.origin));
}

// The stage has another name than those of the two steps: a run in groups says nothing about each
// of them.
void AddGroups(const Request& request, const RunPlan& plan, Figures* figures) {
  const Settings& settings = request.settings;
  const Origin bytes = BytesOrigin(request);
  const Origin pack = PackOrigin(request);
  const Origin groups = WeakestOf({request.videos.num_videos, settings.group_videos});
  const Origin task =
      Weaker(Weaker(CoreTimeOrigin(request), pack), WeakestOf({TaskCores(request.cluster)}));
  figures->Begin("pack in groups", task);
  figures->Add("core_s", "time of one core, preparing", Unit::kSeconds, plan.prep_core_s,
               CoreTimeOrigin(request));
  figures->Add("packing_s", "time of one task, packing", Unit::kSeconds, plan.pack_s, pack);
  AddArray(plan.prep, figures);
  figures->Add("groups", "groups", Unit::kCount, plan.num_groups, groups);
  figures->Add("shards", "shards", Unit::kCount, plan.num_shards, bytes);
  figures->Add("bytes", "all shards", Unit::kBytes, plan.stored_bytes, bytes);
  figures->Add("scratch_bytes", "scratch disk of a task", Unit::kBytes, plan.group_bytes, bytes);
  figures->Add("peak_bytes", "all disks at most", Unit::kBytes, plan.peak_bytes,
               Weaker(task, settings.prep_nodes.origin));
  figures->Add("peak_files", "files", Unit::kCount, plan.peak_files, Weaker(bytes, groups));
  AddList(request, plan, figures);
}

Origin NetworkOrigin(const Request& request, const TrainingPlan& training) {
  const Cluster& cluster = request.cluster;
  const Origin inside =
      WeakestOf({request.rates.parameters, cluster.inside_gb_per_s, cluster.inside_us});
  return training.num_nodes <= 1
             ? inside
             : Weaker(inside, WeakestOf({cluster.between_gb_per_s, cluster.between_us}));
}

// Returns the weakest origin of what decides the time of clips that each rank computes by itself,
// at the rate `computing` if neither its loader cores nor the storage limit it.
Origin PassOrigin(const Request& request, StepLimit limit, const Known& computing) {
  const Rates& rates = request.rates;
  switch (limit) {
    case StepLimit::kLoader:
      return WeakestOf({rates.loader_clips_per_s, request.cluster.cores_per_node});
    case StepLimit::kStorage:
      return WeakestOf({rates.frame_kb, request.cluster.storage_gb_per_s});
    default:
      return computing.origin;
  }
}

// Returns the weakest origin of what decides the time of a step. Parts that take no time, or that
// other parts hide, do not matter.
Origin StepOrigin(const Request& request, const TrainingPlan& training) {
  const Rates& rates = request.rates;
  const StepTime& step = training.step;
  Origin origin = PassOrigin(request, step.limit, rates.train_clips_per_s);
  if (step.limit == StepLimit::kLoader || step.limit == StepLimit::kStorage) {
    return origin;
  }
  if (step.exposed_s > 0) {
    origin = Weaker(origin, NetworkOrigin(request, training));
  }
  return step.waiting_s > 0 ? Weaker(origin, rates.straggling_ms.origin) : origin;
}

// Returns the weakest origin of what decides the time of an epoch.
Origin EpochOrigin(const Request& request, const TrainingPlan& training) {
  return Weaker(Weaker(request.videos.num_training.origin, StepOrigin(request, training)),
                PassOrigin(request, training.validation_limit, request.rates.validation_ms));
}

// Returns the origin of the time of all epochs, which also depends on failures and the scheduler.
Origin TrainingOrigin(const Request& request, const TrainingPlan& training) {
  const Cluster& cluster = request.cluster;
  return Weaker(EpochOrigin(request, training),
                WeakestOf({cluster.node_mtbf_days, cluster.save_s, cluster.start_s,
                           cluster.limit_hours, cluster.queue_minutes}));
}

void AddStep(const Request& request, const TrainingPlan& training, Figures* figures) {
  const Rates& rates = request.rates;
  const StepTime& step = training.step;
  const Origin network = NetworkOrigin(request, training);
  figures->Add("step_s", "a step", Unit::kSeconds, step.total_s, StepOrigin(request, training));
  figures->Add("compute_s", "of it computing", Unit::kSeconds, step.compute_s,
               rates.train_clips_per_s.origin);
  figures->Add("all_reduce_s", "all-reduce of gradients", Unit::kSeconds, step.all_reduce_s,
               network);
  figures->Add("exposed_s", "of it not hidden", Unit::kSeconds, step.exposed_s,
               Weaker(network, rates.train_clips_per_s.origin));
  figures->Add("waiting_s", "waiting for the slowest rank", Unit::kSeconds, step.waiting_s,
               rates.straggling_ms.origin);
  figures->Add("loader_cores", "loader cores a rank", Unit::kCount, training.loader_cores,
               WeakestOf({rates.train_clips_per_s, rates.loader_clips_per_s}));
  figures->Add("storage_bytes_per_s", "read by all ranks", Unit::kBytesPerSecond,
               training.storage_bytes_per_s,
               Weaker(StepOrigin(request, training), rates.frame_kb.origin));
}

void AddTraining(const Request& request, const RunPlan& plan, Figures* figures) {
  const TrainingPlan& training = plan.training;
  const Cluster& cluster = request.cluster;
  const Origin speed = EpochOrigin(request, training);
  const Origin failures = WeakestOf({cluster.node_mtbf_days, cluster.save_s});
  figures->Begin("train", speed);
  figures->Add("ranks", "ranks", Unit::kCount, training.num_ranks, request.settings.ranks.origin);
  AddStep(request, training, figures);
  figures->Add("epoch_s", "an epoch, with validation", Unit::kSeconds, training.epoch_s);
  figures->Add("young_s", "between checkpoints, Young", Unit::kSeconds, training.young_s, failures);
  figures->Add("daly_s", "between checkpoints, Daly", Unit::kSeconds, training.daly_s, failures);
  if (training.daly_s > 0) {
    figures->Add("checkpoint_epochs", "epochs between checkpoints", Unit::kCount,
                 std::clamp(std::floor(training.daly_s / training.epoch_s), 1.0,
                            request.settings.epochs.value),
                 Weaker(speed, failures));
  }
  figures->Add("work_s", "all epochs, without saves", Unit::kSeconds, training.work_s);
  figures->Begin("train", TrainingOrigin(request, training));
  figures->Add("failures", "failures", Unit::kRate, training.job.num_failures);
  figures->Add("jobs", "jobs, with requeues", Unit::kRate, training.job.num_jobs);
  figures->Add("saves_s", "saving", Unit::kSeconds, training.job.saves_s);
  figures->Add("lost_s", "work done again", Unit::kSeconds, training.job.lost_s);
  figures->Add("waiting_for_requeues_s", "queued again", Unit::kSeconds, training.job.waiting_s);
  figures->Add("wall_s", "time with requeues", Unit::kSeconds, training.job.wall_s);
  figures->Add("goodput", "share that is kept work", Unit::kShare,
               training.job.work_s / training.job.wall_s);
  figures->Add("rank_hours", "hours of ranks", Unit::kHours, training.rank_hours);
}

// Returns the weakest origin of what decides the time of scoring, but for the number of windows.
Origin ScoreOrigin(const Request& request, const RunPlan& plan) {
  return PassOrigin(request, plan.score_limit, request.rates.score_clips_per_s);
}

void AddScore(const Request& request, const RunPlan& plan, Figures* figures) {
  const Origin windows = Weaker(FramesOrigin(request.videos), request.videos.num_training.origin);
  figures->Begin("score", windows);
  figures->Add("windows", "windows", Unit::kCount, plan.score_windows);
  const Origin time = Weaker(windows, ScoreOrigin(request, plan));
  figures->Add("tasks", "tasks of the array", Unit::kCount, plan.score.num_tasks, time);
  figures->Add("task_s", "time of a task", Unit::kSeconds, plan.score.task_s, time);
  figures->Add("rank_s", "time of one rank", Unit::kSeconds, plan.score_rank_s, time);
  figures->Add("wall_s", "time without queue", Unit::kSeconds, plan.score_s, time);
}

void AddRun(const Request& request, const RunPlan& plan, Figures* figures) {
  const Rates& rates = request.rates;
  const Cluster& cluster = request.cluster;
  const Origin cores =
      Weaker(FramesOrigin(request.videos),
             WeakestOf({rates.prep_ms, rates.frame_kb, rates.pack_mb_per_s, TaskCores(cluster)}));
  const Origin all =
      Weaker(Weaker(cores, TrainingOrigin(request, plan.training)), ScoreOrigin(request, plan));
  figures->Begin("run", all);
  figures->Add("wall_s", "all stages, with queues", Unit::kSeconds, plan.wall_s);
  figures->Add("after_queue_s", "of it after the first queue", Unit::kSeconds,
               plan.wall_s - cluster.queue_minutes.value * 60);
  figures->Add("queues_s", "of it in later queues", Unit::kSeconds,
               plan.queue_s - cluster.queue_minutes.value * 60, cluster.queue_minutes.origin);
  figures->Add("core_hours", "hours of cores, prepare and pack", Unit::kHours, plan.core_hours,
               cores);
  if (cluster.core_hour_price.value + cluster.rank_hour_price.value > 0) {
    figures->Add("cost", "cost", Unit::kPrice, plan.cost);
  }
}

}  // namespace

const char* NameOfUnit(Unit unit) {
  switch (unit) {
    case Unit::kSeconds:
      return "s";
    case Unit::kBytes:
      return "bytes";
    case Unit::kBytesPerSecond:
      return "bytes/s";
    case Unit::kHours:
      return "hours";
    case Unit::kPrice:
      return "price";
    case Unit::kShare:
      return "share";
    default:
      return "number";
  }
}

std::vector<Figure> FiguresOf(const Request& request, const RunPlan& plan) {
  Figures figures;
  AddData(request, plan, &figures);
  const bool in_groups = request.settings.packing == Packing::kGroups;
  (in_groups ? AddGroups : AddSteps)(request, plan, &figures);
  AddTraining(request, plan, &figures);
  AddScore(request, plan, &figures);
  AddRun(request, plan, &figures);
  return figures.Take();
}

void ForEachRate(Rates* rates,
                 const std::function<void(const char* key, const char* unit, Known* rate)>& use) {
  use("prep_ms", "ms of a core, for a frame", &rates->prep_ms);
  use("frame_kb", "kB of a stored frame", &rates->frame_kb);
  use("pack_mb_per_s", "MB/s of a task that packs", &rates->pack_mb_per_s);
  use("train_clips_per_s", "clips/s of a rank, computing alone", &rates->train_clips_per_s);
  use("loader_clips_per_s", "clips/s of a core that loads", &rates->loader_clips_per_s);
  use("straggling_ms", "ms that a rank is late in a step", &rates->straggling_ms);
  use("validation_ms", "ms of a rank, for a validation window", &rates->validation_ms);
  use("score_clips_per_s", "clips/s of a rank that scores", &rates->score_clips_per_s);
  use("parameters", "millions of parameters", &rates->parameters);
}

}  // namespace reel3d::plan
