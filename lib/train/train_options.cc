// SPDX-License-Identifier: Apache-2.0
#include "lib/train/train_options.h"

#include "lib/base/error.h"

namespace reel3d {
namespace {

void BindClips(TrainOptions& options, OptionBinder& binder) {
  binder.Bind("clip-length", &options.clip.length, {1, 1024}, "frames of a clip (T)");
  binder.Bind("frame-stride", &options.clip.stride, {1, 1024},
              "a clip takes every n-th frame of a video, in validation and scoring too");
  binder.Choice("clip-start", &options.clip_start, {"inclusive", "exclude-last"},
                "starts that a training clip may have: all, or all but the last one as in the "
                "2018 and 2020 code");
  binder.Bind("clips-per-video", &options.clips_per_video, {1, 1000},
              "training clips drawn from each video in an epoch");
}

void BindSteps(TrainOptions& options, OptionBinder& binder) {
  binder.Bind("epochs", &options.epochs, {1, 1'000'000},
              "passes over the training videos; a finished run goes on to more of them, unless its "
              "schedule is cosine",
              Effect::kRunOnly);
  binder.Bind("batch", &options.batch, {1, 1'000'000},
              "clips a step over ALL ranks; each rank takes its share");
  binder.Bind("micro-batch", &options.micro_batch, {0, 1'000'000},
              "clips that a rank computes at once; a larger share is computed in several rounds "
              "whose gradients add up, which saves memory; each is normalised by its own "
              "statistics. 0: the whole share at once");
  binder.Choice("last-batch", &options.last_batch, {"drop", "keep"},
                "what becomes of the clips left over at an epoch's end, fewer than a batch");
  binder.Choice("bn", &options.bn, {"local", "sync"},
                "batch statistics of each rank's own clips (the paper), or over all ranks, which "
                "makes the result independent of their number");
  binder.Bind("precise-bn", &options.precise_bn, {0, 10'000'000},
              "before each validation, batch norm's statistics are taken anew over this many clips "
              "of the epoch (rounded up to whole batches) with the weights as they are; 0: their "
              "moving average over the steps of training");
}

void BindLearning(TrainOptions& options, OptionBinder& binder) {
  options.schedule.Bind(binder);
  binder.Bind(
      "scale-lr", &options.scale_lr, {0, 1'000'000},
      "the batch that --lr is meant for: --batch / this times as much is used, and said; 0: "
      "--lr as it stands");
  options.sgd.Bind(binder);
  options.bad_step.Bind(binder);
  binder.Bind("label-smoothing", &options.label_smoothing, {0, 0.999},
              "share of the target that is spread evenly over all classes; the training loss is "
              "that of such targets, validation's of the labels");
  binder.Bind("ema-decay", &options.ema_decay, {0, 0.999999},
              "a moving average of the weights that keeps this share of itself at each step is "
              "what is validated and what model.safetensors holds; 0: the weights themselves");
}

void BindRun(TrainOptions& options, OptionBinder& binder) {
  binder.Bind("seed", &options.seed, {0, INT64_MAX},
              "decides initial weights, order, clips and crops");
  binder.Bind("checkpoint-epochs", &options.checkpoint_epochs, {1, 100'000},
              "a checkpoint every so many epochs, and after the last; with --on-bad-step "
              "roll-back it stays what the run began with",
              Effect::kRunOnly);
  binder.Bind("checkpoint-steps", &options.checkpoint_steps, {0, 1'000'000'000},
              "a checkpoint every so many steps besides; 0: none", Effect::kRunOnly);
  binder.Bind("checkpoint-minutes", &options.checkpoint_minutes, {0, 1e6},
              "one within an epoch when the last is that old: what a crash can cost; 0: none",
              Effect::kRunOnly);
  binder.Bind("keep-last", &options.keep_last, {1, 100'000},
              "newest checkpoints to keep; the best one stays besides", Effect::kRunOnly);
  binder.Bind("keep-every", &options.keep_every, {0, 100'000},
              "checkpoints at the end of every so many epochs stay for good; 0: none",
              Effect::kRunOnly);
  binder.Bind("max-failed-fraction", &options.max_failed_fraction, {0, 1},
              "share of the training and validation videos that may turn out to have damaged "
              "frames: other clips take the place of theirs. More of them end the run with status "
              "3",
              Effect::kRunOnly);
  binder.Bind("stop-after-steps", &options.stop_after_steps, {0, 1'000'000'000},
              "stop with a checkpoint (status 75) after this step of the run; 0: never",
              Effect::kOnce);
  binder.Bind(
      "stop-before-end", &options.stop_before_end, {0, 1e6},
      "stop with a checkpoint (status 75) when the Slurm allocation has only so many minutes "
      "left, as it says at the start: SLURM_JOB_END_TIME, else squeue; 0: never. Looked at after "
      "each step, so that it must leave time for a validation and a checkpoint",
      Effect::kRunOnly);
  binder.Bind("threads", &options.threads, {0, 1024},
              "compute threads of a rank; 0: its share of the machine's cores", Effect::kRunOnly);
  binder.Bind("loader-threads", &options.loader_threads, {0, 1024},
              "threads of a rank that read and decode clips; 0: as many as --threads. They hold "
              "three micro-batches in memory, six behind an epoch's last step, when the next "
              "epoch's clips are begun",
              Effect::kRunOnly);
  binder.Choice("device", &options.device, {"auto", "cpu", "cuda"},
                "where to compute; auto: a GPU for each rank where there is one", Effect::kRunOnly);
  binder.Bind("deterministic", &options.deterministic,
              "on GPUs: only kernels that give the same bits every time, slower; on CPUs all do",
              Effect::kRunOnly);
  binder.Bind("tensorboard-every", &options.tensorboard_every, {0, 1'000'000},
              "steps from one point of the curves in RUN_DIR/tensorboard to the next; 0: none",
              Effect::kRunOnly);
  binder.Bind(
      "stall-timeout", &options.stall_timeout, {0, 1'000'000},
      "seconds in one phase of a step after which the run ends with status 4 and says which "
      "rank hangs where; 0: it waits for ever. Slow machines may need more, or a "
      "--micro-batch",
      Effect::kRunOnly);
  binder.Bind("overwrite", &options.overwrite,
              "start anew where RUN_DIR holds an earlier run; its checkpoints are removed",
              Effect::kOnce);
}

}  // namespace

void SgdOptions::Bind(OptionBinder& binder) {
  binder.Bind("momentum", &momentum, {0, 1}, "share of the last step's direction that goes on");
  binder.Bind("dampening", &dampening, {0, 1},
              "share of each gradient that the momentum leaves out; 0.9 makes the steady step lr, "
              "0 makes it lr / (1 - momentum)");
  binder.Bind("nesterov", &nesterov, "look ahead along the momentum; wants --dampening 0");
  binder.Bind("weight-decay", &weight_decay, {0, 1e3},
              "added to each gradient times the parameter");
  binder.Choice("weight-decay-on", &weight_decay_on, {"all", "weights"},
                "which parameters decay: all, or the weights of convolutions and linear layers but "
                "not biases and batch norm");
  binder.Bind("clip-norm", &clip_norm, {0, 1e9},
              "longer gradients (the average over all ranks, over all parameters) are scaled down "
              "to this norm; 0: none are");
}

void SgdOptions::Check() const {
  if (nesterov && (momentum <= 0 || dampening != 0)) {
    throw UsageError("--nesterov wants --momentum above 0 and --dampening 0");
  }
}

void BadStepOptions::Bind(OptionBinder& binder) {
  binder.Choice(
      "on-bad-step", &action, {"stop", "skip", "roll-back"},
      "what to do where a step's loss, gradient or batch norm statistics are no numbers: end "
      "the run with status 1; go on as if the step had not been; or go back to the weights of the "
      "last checkpoint that --checkpoint-epochs asks for (before the first: as skip), and on from "
      "there behind this step. The last two make the "
      "host wait for a GPU once a step; ten bad steps in a row end the run in any case");
  binder.Bind("bad-step-norm", &norm, {0, 1e30},
              "a step whose gradient (as --clip-norm has it) is longer than this is bad as well; "
              "0: none is");
}

void ValidationOptions::Bind(OptionBinder& binder) {
  binder.Bind("validation-clips", &clips, {1, 1000},
              "windows of each validation video, evenly spread");
  binder.Bind("validation-capped", &capped,
              "no more windows than --validation-clips; false: go on to the video's end with "
              "their spacing, as the 2018 code does");
  binder.Bind("validation-every", &every, {0, 100'000},
              "epochs from one validation to the next; "
              "0: never");
}

void TrainOptions::Bind(OptionBinder& binder) {
  binder.Positional("SHARDS_DIR", &shards_dir, "folder made by pack-shards");
  binder.Positional("RUN_DIR", &run_dir, "checkpoints and metrics; goes on where it stands");
  binder.Recipe("recipe", &recipe,
                "settings to start from: paper2017, cvpr2018, hara2020; for fine-tuning "
                "torchvision, c3d, i3d; or a "
                "file");
  network.Bind(binder);
  precision.Bind(binder);
  finetune.Bind(binder);
  BindClips(*this, binder);
  crop.Bind(binder);
  binder.Choice("decoding", &decoding, {"fast", "exact"},
                "fast: just the frequencies that the crop needs, 50 dB from PIL's pixels; exact: "
                "PIL's pixels to the last bit, at a fifth of the speed");
  input.Bind(binder);
  BindSteps(*this, binder);
  BindLearning(*this, binder);
  validation.Bind(binder);
  BindRun(*this, binder);
}

void TrainOptions::Check() const {
  network.Check();
  network.CheckClips(clip.length, crop.size, crop.size);
  finetune.Check();
  crop.Check();
  input.Check();
  schedule.Check();
  sgd.Check();
  if (schedule.kind == "plateau" && validation.every != 1) {
    throw UsageError("--schedule plateau wants --validation-every 1: it follows that loss");
  }
}

ScheduleOptions TrainOptions::ScaledSchedule() const {
  ScheduleOptions scaled = schedule;
  if (scale_lr > 0) {
    scaled.lr *= static_cast<double>(batch) / scale_lr;
  }
  return scaled;
}

}  // namespace reel3d
