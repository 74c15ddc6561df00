// SPDX-License-Identifier: Apache-2.0
#include "lib/train/train_options.h"

#include "lib/base/error.h"
#include "lib/weights/family.h"

namespace reel3d {
namespace {

void BindSteps(TrainOptions& options, OptionBinder& binder) {
  binder.Bind("epochs", &options.epochs, {1, 1'000'000},
              "passes over the training videos. A finished run continues if this number is now "
              "larger, except with --schedule cosine",
              Effect::kRunOnly);
  options.BindBatches(binder);
  binder.Choice("bn", &options.bn, "clips that give the statistics of batch norm in training");
  binder.Bind("precise-bn", &options.precise_bn, {0, 10'000'000},
              "training clips (rounded up to complete batches) over which batch norm's statistics "
              "are recomputed with fixed weights before each validation. 0: use the moving average "
              "of the statistics over the steps of training");
}

void BindLearning(TrainOptions& options, OptionBinder& binder) {
  options.schedule.Bind(binder);
  binder.Bind(
      "scale-lr", &options.scale_lr, {0, 1'000'000},
      "batch size for which --lr is meant: the run uses --lr times --batch / this value, and "
      "logs the result. 0: use --lr unchanged");
  options.sgd.Bind(binder);
  options.bad_step.Bind(binder);
  binder.Bind("label-smoothing", &options.label_smoothing, {0, 0.999},
              "share of the target that is spread evenly over all classes. The training loss uses "
              "these targets, the validation loss the labels. 0: off");
  binder.Bind("ema-decay", &options.ema_decay, {0, 0.999999},
              "keep an exponential moving average of the weights with this decay per step; the "
              "average is validated and saved as model.safetensors. 0: off");
}

void BindRun(TrainOptions& options, OptionBinder& binder) {
  options.BindSeed(binder);
  binder.Bind("checkpoint-epochs", &options.checkpoint_epochs, {1, 100'000},
              "epochs from one checkpoint to the next; there is always one after the last epoch. "
              "A resumed run cannot change this value with --on-bad-step roll-back",
              Effect::kRunOnly);
  binder.Bind("checkpoint-steps", &options.checkpoint_steps, {0, 1'000'000'000},
              "write a further checkpoint within an epoch every so many steps; 0: none",
              Effect::kRunOnly);
  binder.Bind("checkpoint-minutes", &options.checkpoint_minutes, {0, 1e6},
              "write a further checkpoint within an epoch after so many minutes without one, which "
              "limits the loss by a crash; 0: none",
              Effect::kRunOnly);
  binder.Bind("keep-last", &options.keep_last, {1, 100'000},
              "number of newest checkpoints to keep; the best one is also kept", Effect::kRunOnly);
  binder.Bind("keep-every", &options.keep_every, {0, 100'000},
              "keep one checkpoint for ever every so many epochs; 0: none", Effect::kRunOnly);
  binder.Bind(
      "max-failed-fraction", &options.max_failed_fraction, {0, 1},
      "share of the training and validation videos that may have damaged frames; clips of "
      "other videos replace damaged training clips. If more videos are damaged, the run ends "
      "with status 3. 0: one damaged video ends the run",
      Effect::kRunOnly);
  binder.Bind("stop-after-steps", &options.stop_after_steps, {0, 1'000'000'000},
              "stop with a checkpoint (status 75) after this step of the run; 0: never",
              Effect::kOnce);
  binder.Bind(
      "stop-before-end", &options.stop_before_end, {0, 1e6},
      "stop with a checkpoint (status 75) so many minutes before the Slurm job ends. The end "
      "is read at the start, from SLURM_JOB_END_TIME or else squeue. Only training steps look at "
      "the time, so leave enough for a validation that is running, and for the checkpoint. 0: "
      "never",
      Effect::kRunOnly);
  binder.Bind("threads", &options.threads, {0, 1024},
              "compute threads of a rank; 0: its share of the machine's cores", Effect::kRunOnly);
  binder.Bind(
      "loader-threads", &options.loader_threads, {0, 1024},
      "threads of a rank that read and decode clips. They hold three micro-batches in memory, and "
      "six after an epoch's last step, when they start on the next epoch. 0: as many as --threads",
      Effect::kRunOnly);
  options.staging.Bind(binder);
  binder.Choice("device", &options.device, "where to compute", Effect::kRunOnly);
  binder.Bind("deterministic", &options.deterministic,
              "use only GPU kernels that give the same bits every time, which is slower; CPU "
              "kernels always give the same bits",
              Effect::kRunOnly);
  binder.Bind(
      "tensorboard-every", &options.tensorboard_every, {0, 1'000'000},
      "write a point of TensorBoard's curves (RUN_DIR/tensorboard) every so many steps; 0: no "
      "TensorBoard files",
      Effect::kRunOnly);
  binder.Bind(
      "stall-timeout", &options.stall_timeout, {0, 1'000'000},
      "seconds in one phase of a step, such as forward, after which the run ends with status "
      "4 and names the rank that hangs. Slow machines may need more seconds, or a "
      "--micro-batch. 0: wait for ever",
      Effect::kRunOnly);
  binder.Bind("overwrite", &options.overwrite,
              "start again if RUN_DIR holds an earlier run, and remove its checkpoints",
              Effect::kOnce);
}

}  // namespace

void SgdOptions::Bind(OptionBinder& binder) {
  binder.Bind("momentum", &momentum, {0, 1},
              "share of the last step's direction that the next step keeps");
  binder.Bind(
      "dampening", &dampening, {0, 1},
      "share of each gradient that does not enter the momentum. If gradients are constant and "
      "--momentum is 0.9, each step is lr times the gradient with share 0.9, and lr / (1 - "
      "momentum) times the gradient with share 0");
  binder.Bind("nesterov", &nesterov, "look ahead along the momentum; needs --dampening 0");
  binder.Bind("weight-decay", &weight_decay, {0, 1e3},
              "multiple of each parameter that is added to its gradient; 0: off");
  binder.Choice("weight-decay-on", &weight_decay_on, "parameters to which --weight-decay applies");
  binder.Bind(
      "clip-norm", &clip_norm, {0, 1e9},
      "maximum norm of the gradient (averaged over the ranks, of all parameters together); a "
      "larger gradient is scaled down to this norm. 0: no limit");
}

void SgdOptions::Check() const {
  if (nesterov && (momentum <= 0 || dampening != 0)) {
    throw UsageError("--nesterov needs --momentum above 0 and --dampening 0");
  }
}

void BadStepOptions::Bind(OptionBinder& binder) {
  binder.Choice("on-bad-step", &action,
                "what to do when the loss, gradient or batch norm statistics of a step are not "
                "finite; ten bad steps in a row always end the run");
  binder.Bind("bad-step-norm", &norm, {0, 1e30},
              "norm of the gradient, as --clip-norm computes it but before that limit, above which "
              "--on-bad-step treats a step as bad as well; 0: no limit");
}

void ValidationOptions::Bind(OptionBinder& binder) {
  binder.Bind("validation-clips", &clips, {1, 1000},
              "windows of each validation video, evenly spread");
  binder.Bind("validation-capped", &capped,
              "take no more windows than --validation-clips; false: continue with the same spacing "
              "to the video's end, as the 2018 code does");
  binder.Bind("validation-every", &every, {0, 100'000},
              "epochs from one validation to the next; "
              "0: never");
}

void TrainOptions::Bind(OptionBinder& binder) {
  binder.Positional("SHARDS_DIR", &shards_dir, "folder made by pack-shards");
  binder.Positional("RUN_DIR", &run_dir,
                    "folder for checkpoints and metrics; an earlier run in it is continued");
  binder.Recipe("recipe", &recipe,
                ("settings to start from: " + PublishedRecipes() +
                 ", or a file (.ini); recipes for networks that others trained are for fine-tuning")
                    .c_str());
  network.Bind(binder);
  precision.Bind(binder);
  finetune.Bind(binder);
  BindClips(binder);
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
  if (schedule.kind == ScheduleKind::kPlateau && validation.every != 1) {
    throw UsageError(
        "--schedule plateau needs --validation-every 1: it follows the validation loss");
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
