// Every knob of a training run. The defaults are the paper's (configs/recipes/paper2017.ini).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/base/option_binder.h"
#include "lib/data/clip_sampler.h"
#include "lib/data/crop_plan.h"
#include "lib/model/network.h"
#include "lib/model/precision_options.h"
#include "lib/train/clip_input.h"
#include "lib/train/finetune_options.h"
#include "lib/train/schedule.h"

namespace reel3d {

struct SgdOptions {
  double momentum = 0.9;
  // Share of a gradient that the momentum buffer leaves out: with 0.9 the steady step is lr, with
  // 0 it is lr / (1 - momentum), ten times as much.
  double dampening = 0.9;
  bool nesterov = false;
  double weight_decay = 1e-3;
  std::string weight_decay_on = "all";  // or weights: not on batch norm and biases
  double clip_norm = 0;                 // gradients' norm over all parameters at most; 0: any

  void Bind(OptionBinder& binder);
  void Check() const;
};

// What becomes of a step that would do harm: its loss or gradient is no number, or far too long.
struct BadStepOptions {
  std::string action = "stop";  // or skip, roll-back
  double norm = 0;              // a longer gradient is bad as well; 0: none is

  void Bind(OptionBinder& binder);
};

// Which clips of the validation videos an epoch ends with.
struct ValidationOptions {
  int clips = 3;       // windows of each video, evenly spread
  bool capped = true;  // false: as many of that spacing as the video holds (2018 code)
  int every = 1;       // epochs; 0: never

  void Bind(OptionBinder& binder);
};

struct TrainOptions {
  std::string shards_dir;
  std::string run_dir;
  std::string recipe = "paper2017";

  NetworkOptions network;
  PrecisionOptions precision;
  FinetuneOptions finetune;
  ClipShape clip;
  std::string clip_start = "inclusive";
  int clips_per_video = 1;
  CropOptions crop;
  std::string decoding = "fast";  // or exact: see lib/shard/frame_decoder.h
  ClipInputOptions input;

  int epochs = 200;
  int batch = 256;                  // clips a step over all ranks
  int micro_batch = 0;              // clips a rank computes at once; 0: its whole share
  std::string last_batch = "drop";  // the smaller last batch of an epoch
  ScheduleOptions schedule;
  int scale_lr = 0;  // clips that schedule.lr is meant for; 0: for `batch`
  SgdOptions sgd;
  double label_smoothing = 0;
  double ema_decay = 0;  // of the weights' moving average; 0: none
  std::string bn = "local";
  BadStepOptions bad_step;
  int precise_bn = 0;  // training clips that batch norm's statistics are taken of; 0: a moving mean
  ValidationOptions validation;

  int checkpoint_epochs = 1;
  int checkpoint_steps = 0;        // besides, within an epoch; 0: none
  double checkpoint_minutes = 30;  // the same, by the clock
  int keep_last = 3;
  int keep_every = 0;                 // epochs whose checkpoints stay for good; 0: none
  double max_failed_fraction = 0.01;  // of the videos: more with damaged frames end the run
  int stop_after_steps = 0;
  double stop_before_end = 0;  // minutes of the allocation that must be left; 0: never stop
  int64_t seed = 1;
  int threads = 0;
  int loader_threads = 0;
  std::string device = "auto";
  bool deterministic = false;  // on GPUs
  int tensorboard_every = 10;  // steps; 0: never
  int stall_timeout = 1800;    // seconds; 0: never
  bool overwrite = false;

  void Bind(OptionBinder& binder);
  void Check() const;

  // The schedule with the learning rate that --scale-lr makes of --lr.
  ScheduleOptions ScaledSchedule() const;
};

}  // namespace reel3d
