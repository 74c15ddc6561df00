// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/plan_options.h"

#include <fmt/format.h>

#include <cmath>

#include "lib/base/error.h"

namespace reel3d {
namespace {

constexpr bool kWhole = true;

}  // namespace

std::vector<PlanKnob> KnobsOf(plan::Settings* settings) {
  return {
      {"height",
       &settings->height,
       {16, 8192},
       "height of stored frames in pixels, as for prep-videos. 240 takes 0.56 of the bytes of 360",
       kWhole},
      {"quality",
       &settings->quality,
       {1, 100},
       "quality of stored frames, as for prep-videos. 80 takes 0.7 of the bytes of 90",
       kWhole},
      {"shard-size",
       &settings->shard_mib,
       {1, 1048576},
       "size of a shard in MiB, as for pack-shards. Larger shards are fewer files",
       kWhole},
      {"group-videos",
       &settings->group_videos,
       {1, 1e7},
       "videos of a group with --pack groups, as for pack-videos. Larger groups take more scratch "
       "disk, smaller ones end with more shards that are not full",
       kWhole},
      {"prep-nodes",
       &settings->prep_nodes,
       {1, 1e6},
       "tasks of prep-videos or pack-videos that run at once, each with --task-cores of its own",
       kWhole},
      {"task-minutes",
       &settings->task_minutes,
       {1, 1e5},
       "minutes that a task of an array should take. Shorter tasks burden the scheduler, longer "
       "ones lose more when they are killed"},
      {"ranks", &settings->ranks, {1, 1e6}, "ranks that train, each with one GPU", kWhole},
      {"score-ranks",
       &settings->score_ranks,
       {0, 1e6},
       "ranks or tasks that score. 0: as many as --ranks",
       kWhole},
      {"epochs", &settings->epochs, {1, 1e6}, "epochs of training", kWhole},
      {"batch",
       &settings->batch,
       {1, 1e6},
       "clips of a step over all ranks, as for train-r3d",
       kWhole},
      {"clips-per-video",
       &settings->clips_per_video,
       {1, 1000},
       "clips of each video in an epoch, as for train-r3d",
       kWhole},
      {"clip-length", &settings->clip_frames, {1, 1024}, "frames of a clip", kWhole},
      {"validation-clips",
       &settings->validation_windows,
       {0, 1000},
       "windows scored in each validation video after an epoch, as for train-r3d. 0: no validation",
       kWhole},
      {"validation-every",
       &settings->validation_every,
       {1, 1e6},
       "validate each time this many epochs are done, as for train-r3d",
       kWhole},
      {"overlap",
       &settings->overlap,
       {0, 1},
       "share of a step's computing during which gradients are exchanged, so that the exchange "
       "costs no time. 0: every exchange costs its full time"},
  };
}

std::vector<PlanKnob> KnobsOf(plan::Cluster* cluster) {
  return {
      {"cores-per-node",
       &cluster->cores_per_node,
       {1, 4096},
       "cores of a node, which its ranks share to load clips",
       kWhole},
      {"task-cores",
       &cluster->task_cores,
       {0, 4096},
       "cores of a task that prepares or packs (--cpus-per-task in PREP_OPTIONS or "
       "PACK_OPTIONS of site.env). 0: all --cores-per-node",
       kWhole},
      {"ranks-per-node",
       &cluster->ranks_per_node,
       {1, 1024},
       "GPUs of a node, one for each rank",
       kWhole},
      {"storage-gb-per-s",
       &cluster->storage_gb_per_s,
       {1e-6, 1e6},
       "GB/s that the shared storage gives to all ranks together"},
      {"inside-gb-per-s",
       &cluster->inside_gb_per_s,
       {1e-6, 1e6},
       "GB/s from one GPU to another of its node"},
      {"between-gb-per-s",
       &cluster->between_gb_per_s,
       {1e-6, 1e6},
       "GB/s from one node to another, in each direction. 400 Gbit/s are 50"},
      {"inside-us",
       &cluster->inside_us,
       {0, 1e6},
       "latency in microseconds of a message within a node"},
      {"between-us",
       &cluster->between_us,
       {0, 1e6},
       "latency in microseconds of a message between nodes"},
      {"node-mtbf-days",
       &cluster->node_mtbf_days,
       {0, 1e6},
       "days between two failures of one node, on average. 150 fits published figures of large "
       "clusters (6.5 failures in 1,000 days of nodes). 0: nodes never fail"},
      {"start-s",
       &cluster->start_s,
       {0, 1e6},
       "seconds from the start of a training job to its first step. If a run of --measured knows "
       "them, they are used instead of this default"},
      {"save-s",
       &cluster->save_s,
       {0, 1e6},
       "seconds that training waits for a checkpoint. 0: no wait, because the checkpoint is "
       "written while training continues. If a run of --measured knows them, they are used instead "
       "of this default"},
      {"queue-minutes",
       &cluster->queue_minutes,
       {0, 1e6},
       "minutes that a job waits in the queue, at first and after each failure. 0: no queue"},
      {"time-limit-hours",
       &cluster->limit_hours,
       {0, 1e6},
       "hours after which the scheduler ends a job, which then is queued again. 0: no limit"},
      {"max-array-size",
       &cluster->max_array_size,
       {0, 1e9},
       "maximum number of tasks in a Slurm array job (MaxArraySize, max_array_tasks). 0: ask "
       "scontrol",
       kWhole},
      {"rank-hour-price",
       &cluster->rank_hour_price,
       {0, 1e6},
       "price of an hour of a rank (a GPU), in any currency. 0: not counted"},
      {"core-hour-price",
       &cluster->core_hour_price,
       {0, 1e6},
       "price of an hour of a core. 0: not counted"},
  };
}

std::vector<PlanKnob> KnobsOf(plan::Rates* rates) {
  return {
      {"prep-ms",
       &rates->prep_ms,
       {0, 1e6},
       "milliseconds of one core to prepare a frame. 0: the figure from --measured, else the "
       "published one for source videos of this height (--lines), stored at --height"},
      {"frame-kb",
       &rates->frame_kb,
       {0, 1e6},
       "size of a stored frame in kB. 0: the figure from --measured, else the published one for "
       "this --height and --quality"},
      {"pack-mb-per-s",
       &rates->pack_mb_per_s,
       {0, 1e6},
       "MB/s at which pack-shards, or a task of pack-videos, writes. 0: the figure from "
       "--measured, else 200"},
      {"train-clips-per-s",
       &rates->train_clips_per_s,
       {0, 1e9},
       "clips/s that a rank trains on when it never waits. 0: the figure from --measured, else "
       "1960, published for R3D-18 in bf16 on an H100"},
      {"score-clips-per-s",
       &rates->score_clips_per_s,
       {0, 1e9},
       "clips/s that a rank scores. 0: the figure from --measured, else 4180, published for "
       "R3D-18 in bf16 on an H100"},
      {"loader-clips-per-s",
       &rates->loader_clips_per_s,
       {0, 1e9},
       "clips/s that a core loads. 0: the figure from --measured, else the published one for "
       "this --height and --quality"},
      {"straggling-ms",
       &rates->straggling_ms,
       {0, 1e6},
       "milliseconds by which a rank is late in a step, on average. 0: the figure from "
       "--measured, else never late"},
      {"validation-ms",
       &rates->validation_ms,
       {0, 1e6},
       "milliseconds of a rank for each validation window, including all other work between "
       "epochs. 0: the figure from --measured, else the time to score a clip"},
      {"parameters",
       &rates->parameters,
       {0, 1e6},
       "parameters of the network in millions, which decide the size of the gradients. 0: the "
       "figure from --measured, else 33.4"},
  };
}

void BindKnobs(const std::vector<PlanKnob>& knobs, OptionBinder* binder) {
  for (const PlanKnob& knob : knobs) {
    binder->Bind(knob.name, &knob.number->value, knob.range, knob.help);
  }
}

void CheckKnobs(const std::vector<PlanKnob>& knobs) {
  for (const PlanKnob& knob : knobs) {
    if (knob.is_whole && knob.number->value != std::floor(knob.number->value)) {
      throw UsageError(
          fmt::format("--{}: {} is not a whole number", knob.name, knob.number->value));
    }
  }
}

void MarkGiven(const std::vector<PlanKnob>& knobs, const std::vector<PlanKnob>& defaults) {
  for (size_t knob = 0; knob < knobs.size(); ++knob) {
    if (knobs[knob].number->value != defaults[knob].number->value) {
      knobs[knob].number->origin = plan::Origin::kGiven;
    }
  }
}

}  // namespace reel3d
