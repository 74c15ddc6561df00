// Defines all settings of a training run. The defaults are the paper's
// (configs/recipes/paper2017.ini).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lib/base/option_binder.h"
#include "lib/dist/device_choice.h"
#include "lib/infer/clip_input.h"
#include "lib/loader/epoch_options.h"
#include "lib/model/network.h"
#include "lib/model/precision_options.h"
#include "lib/shard/copy_room.h"
#include "lib/train/finetune_options.h"
#include "lib/train/loop/schedule.h"

namespace reel3d {

// Says whose clips give the statistics of batch norm in training.
enum class BatchStatistics { kLocal, kSync };
inline std::vector<NamedChoice<BatchStatistics>> ChoicesOf(BatchStatistics /*type*/) {
  return {{BatchStatistics::kLocal, "local", "each rank's own clips (the paper)"},
          {BatchStatistics::kSync, "sync",
           "the clips of all ranks, which makes the result independent of the number of ranks"}};
}

// Says to which parameters weight decay applies.
enum class WeightDecayOn { kAll, kWeights };
inline std::vector<NamedChoice<WeightDecayOn>> ChoicesOf(WeightDecayOn /*type*/) {
  return {{WeightDecayOn::kAll, "all", "every parameter"},
          {WeightDecayOn::kWeights, "weights",
           "those of convolutions and linear layers, without biases and batch norm"}};
}

// Says what happens at a step whose loss, gradient or batch norm statistics are not finite.
enum class BadStepAction { kStop, kSkip, kRollBack };
inline std::vector<NamedChoice<BadStepAction>> ChoicesOf(BadStepAction /*type*/) {
  return {
      {BadStepAction::kStop, "stop", "end with status 1"},
      {BadStepAction::kSkip, "skip",
       "undo the step; with this choice the host waits for a GPU once in each step"},
      {BadStepAction::kRollBack, "roll-back",
       "reload the last --checkpoint-epochs checkpoint and continue with the next step. Before the "
       "first such checkpoint, undo the step. The host waits as with skip"}};
}

struct SgdOptions {
  double momentum = 0.9;
  // Share of a gradient that does not enter the momentum buffer. If gradients are constant, each
  // step is lr times the gradient with 0.9. With 0 it is lr / (1 - momentum) times the gradient,
  // ten times as much.
  double dampening = 0.9;
  bool nesterov = false;
  double weight_decay = 1e-3;
  WeightDecayOn weight_decay_on = WeightDecayOn::kAll;
  double clip_norm = 0;  // maximum norm of the gradients over all parameters; 0: no limit

  void Bind(OptionBinder& binder);
  void Check() const;
};

// Says what happens at a bad step: its loss, gradient or batch norm statistics are not finite, or
// its gradient norm is above `norm`.
struct BadStepOptions {
  BadStepAction action = BadStepAction::kStop;
  double norm = 0;  // a step with a larger gradient norm is bad as well; 0: no limit

  void Bind(OptionBinder& binder);
};

// The clips of the validation videos that are scored after an epoch.
struct ValidationOptions {
  int clips = 3;       // windows per video, evenly spread
  bool capped = true;  // false: windows continue at that spacing to the video's end (2018 code)
  int every = 1;       // epochs between validations; 0: never validate

  void Bind(OptionBinder& binder);
};

struct TrainOptions : EpochOptions {
  std::string shards_dir;
  std::string run_dir;
  std::string recipe = "paper2017";

  NetworkOptions network;
  PrecisionOptions precision;
  FinetuneOptions finetune;
  ClipInputOptions input;

  int epochs = 200;
  ScheduleOptions schedule;
  int scale_lr = 0;  // batch for which schedule.lr is meant; 0: `batch`
  SgdOptions sgd;
  double label_smoothing = 0;
  double ema_decay = 0;  // decay of the weights' moving average per step; 0: no average
  BatchStatistics bn = BatchStatistics::kLocal;
  BadStepOptions bad_step;
  int precise_bn = 0;  // training clips for batch norm's statistics; 0: their moving mean
  ValidationOptions validation;

  int checkpoint_epochs = 1;
  int checkpoint_steps = 0;  // further checkpoints within an epoch, every so many steps; 0: none
  double checkpoint_minutes = 30;  // further checkpoints every so many minutes; 0: none
  int keep_last = 3;
  int keep_every = 0;  // keep the checkpoint of every keep_every-th epoch for ever; 0: none
  double max_failed_fraction = 0.01;  // the run ends if more of the videos have damaged frames
  int stop_after_steps = 0;
  double stop_before_end = 0;  // stop this many minutes before the job ends; 0: never stop
  int threads = 0;
  int loader_threads = 0;
  StagingOptions staging;
  DeviceChoice device = DeviceChoice::kAuto;
  bool deterministic = false;  // only matters on GPUs
  int tensorboard_every = 10;  // steps between points; 0: no TensorBoard files
  int stall_timeout = 1800;    // seconds without progress that end the run; 0: never
  bool overwrite = false;

  void Bind(OptionBinder& binder);
  void Check() const;

  // Returns the schedule with the learning rate that --scale-lr computes from --lr.
  ScheduleOptions ScaledSchedule() const;
};

}  // namespace reel3d
