// Plans a run: from the videos, rates, a cluster and settings to hours, bytes, tasks and cost. Pure
// arithmetic; nothing is read or written.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "lib/base/choices.h"
#include "lib/plan/array_size.h"
#include "lib/plan/known.h"
#include "lib/plan/restarts.h"
#include "lib/plan/step_time.h"

namespace reel3d::plan {

struct Videos {
  Known num_videos, num_training;
  Known seconds, fps, lines;  // of a video, on average
  Known shape{16.0 / 9};      // width of a frame by its height

  double NumFrames() const { return num_videos.value * seconds.value * fps.value; }
};

// Holds the speed of one core, one rank or one node, for this run's height and quality.
struct Rates {
  Known prep_ms;                               // of a core, for a frame
  Known frame_kb;                              // of a stored frame
  Known pack_mb_per_s;                         // of pack-shards, or of a task of pack-videos
  Known train_clips_per_s, score_clips_per_s;  // of a rank, computing alone
  Known loader_clips_per_s;                    // of a core
  Known straggling_ms;                         // mean delay of a rank in a step
  Known validation_ms;  // of a rank for a validation window, with the other work between epochs
  Known parameters;     // millions
};

struct Cluster {
  Known nodes{1}, cores_per_node{64}, ranks_per_node{8};
  Known task_cores{0};         // of a task that prepares or packs; 0: all of a node
  Known storage_gb_per_s{10};  // shared by all nodes
  Known inside_gb_per_s{200}, between_gb_per_s{25};  // links within and between nodes
  Known inside_us{5}, between_us{15};                // latency of the same links
  Known node_mtbf_days{150};
  Known start_s{60}, save_s{10};
  Known queue_minutes{30};
  Known limit_hours{24};
  Known max_array_size{1001};
  Known rank_hour_price{0}, core_hour_price{0};
};

enum class Packing { kSteps, kGroups };
inline std::vector<NamedChoice<Packing>> ChoicesOf(Packing /*type*/) {
  return {
      {Packing::kSteps, "steps",
       "an array of prep-videos, then one job of pack-shards. For some time all frames are on "
       "the disk twice"},
      {Packing::kGroups, "groups",
       "an array of pack-videos (PACK=groups), whose tasks prepare and pack one group of videos "
       "after the other. Nothing is on the shared disk twice"}};
}

struct Settings {
  Packing packing = Packing::kSteps;
  Known group_videos{1000};  // for Packing::kGroups
  Known height{360}, quality{90}, shard_mib{1024};
  Known prep_nodes{1}, task_minutes{45};
  Known ranks{8}, epochs{200}, batch{256}, clips_per_video{1}, validation_windows{3};
  Known validation_every{1};  // epochs
  Known score_ranks{0};       // 0: as many as ranks
  Known clip_frames{16};
  Known overlap{0.5};
};

struct Request {
  Videos videos;
  Rates rates;
  Cluster cluster;
  Settings settings;
};

// Training with one number of ranks.
struct TrainingPlan {
  double num_ranks = 1, num_nodes = 1;
  StepTime step;
  double steps_per_epoch = 0, epoch_s = 0;  // with validation
  StepLimit validation_limit = StepLimit::kComputing;
  double loader_cores = 0;         // cores that load as fast as a rank computes
  double storage_bytes_per_s = 0;  // read by all ranks together
  double young_s = 0, daly_s = 0;  // work between checkpoints
  double interval_s = 0;           // the planned one: daly_s, or an epoch if nothing fails
  double work_s = 0;               // of all epochs, without restarts and saves
  JobTimes job;                    // with a checkpoint each interval_s
  double rank_hours = 0;
};

struct RunPlan {
  double num_frames = 0, stored_bytes = 0, num_shards = 0;
  double prep_core_s = 0;
  ArraySize prep;                          // of pack-videos, if it packs groups
  double num_groups = 0, group_bytes = 0;  // 0 if it does not
  double peak_bytes = 0, peak_files = 0;   // most on all disks; most on the shared one
  // The time of pack-shards, or of all tasks of pack-videos together in which they only pack.
  double pack_s = 0;
  double pack_jobs = 1;  // of pack-shards in a row, as the time limit ends each
  double score_s = 0, score_windows = 0;
  double score_rank_s = 0;  // of all ranks that score, added up
  StepLimit score_limit = StepLimit::kComputing;
  ArraySize score;  // if an array scores, with one rank a task
  TrainingPlan training;
  double wall_s = 0;      // of all stages, with a queue before each
  double queue_s = 0;     // of the queues before stages and before jobs of packing
  double list_bytes = 0;  // memory of each task that prepares or packs, for the list of videos
  double core_hours = 0, cost = 0;
};

// Throws a usage error if the conditions allow no run (a limit too short, more ranks than clips in
// a batch, no video to train on).
RunPlan MakePlan(const Request& request);

// Returns the training part of the plan for another number of ranks.
TrainingPlan PlanTraining(const Request& request, double num_ranks);

// Returns the cores of a task that prepares or packs.
Known TaskCores(const Cluster& cluster);

// Returns 1, 2, 4 ... up to four times the planned ranks, and the planned number itself. No number
// is above the clips of a batch.
std::vector<double> RanksToShow(const Request& request);

}  // namespace reel3d::plan
