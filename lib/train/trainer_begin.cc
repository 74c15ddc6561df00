// Sets up a run: network, optimizer, the checkpoint to resume from or the weights to fine-tune, and
// the messages about them.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lib/base/error.h"
#include "lib/base/log.h"
#include "lib/dist/device.h"
#include "lib/model/batch_norm.h"
#include "lib/model/precision.h"
#include "lib/model/weights.h"
#include "lib/train/cpu_share.h"
#include "lib/train/finetune.h"
#include "lib/train/trainer_state.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

NetworkOptions NetworkFor(const TrainOptions& options, const ShardSet& shards) {
  NetworkOptions network = options.network;
  network.num_classes = static_cast<int>(shards.classes().size());
  return network;
}

}  // namespace

Trainer::State::State(const TrainOptions& options_in, std::string config_in, const World& world_in,
                      const ShardSet& shards_in, at::Device device_in)
    : options(options_in),
      config(std::move(config_in)),
      world(world_in),
      shards(shards_in),
      device(device_in),
      watchdog(phases, world, fs::path(options.run_dir) / "heartbeats", options.stall_timeout),
      data(shards, options, world, device),
      threads(options.threads > 0 ? options.threads : CpuShare(world)),
      loader_threads(options.loader_threads > 0 ? options.loader_threads : threads),
      group(MakeProcessGroup(world, device)),
      input(options.input, device),
      network(MakeNetwork(NetworkFor(options, shards), static_cast<uint64_t>(options.seed))),
      schedule(options.ScaledSchedule(), options.epochs),
      sums(device),
      recent(device),
      num_frozen(options.finetune.from.empty() ? 0 : FreezeBefore(*network, options.finetune.from)),
      optimizer(*network, options.sgd, [this, head = HeadOf(*network)](const std::string& name) {
        return RateFactor(options.finetune, head, name);
      }) {
  if (options.schedule.kind == "plateau" && data.num_validation() == 0) {
    throw UsageError(fmt::format(
        "--schedule plateau follows the validation loss, and {} holds no validation videos: choose "
        "multistep, cosine or constant",
        options.shards_dir));
  }
  at::set_num_threads(threads);
  ChooseKernels(options.deterministic);
  network->to(device);
  const auto safest = [&](int64_t own) { return world.Max(own); };
  Say(UsePrecision(network, options.precision, options.clip.length, options.crop.size, safest));
  if (options.ema_decay > 0) {
    average = MakeNetwork(NetworkFor(options, shards), static_cast<uint64_t>(options.seed));
    (*average)->to(device);
    UsePrecisionOf(network, *average);
    weight_average.emplace(**average, *network);
    (*average)->eval();
    if (!options.finetune.from.empty()) {
      FreezeBefore(**average, options.finetune.from);  // its statistics stay fixed, too
    }
    if (options.bn == "sync") {
      SynchronizeBatchNorms(**average, group);
    }
  }
  for (const at::Tensor& buffer : network->buffers()) {
    if (buffer.is_floating_point()) {
      statistics.push_back(buffer);
    }
  }
  const bool resumed = Resume();
  if (!options.finetune.file.empty()) {
    BeginFineTuning(resumed);
  }
  parallel = std::make_unique<DataParallel>(*network, group);
  if (options.bn == "sync") {
    SynchronizeBatchNorms(*network, group);
  }
  OpenViews(resumed);
  FindEndOfJob();
  report.ranks = world.size();
  report.num_training = data.num_training();
  report.num_validation = data.num_validation();
  Say(
      fmt::format("{}, {} parameters, {} classes; {} training and {} validation videos; {} ranks "
                  "on {}, {} threads each",
                  Describe(options.network), CountParameters(*network), shards.classes().size(),
                  data.num_training(), data.num_validation(), world.size(), device.str(), threads));
  if (options.batch > data.partition().num_samples && world.is_main()) {
    LogWarn(
        fmt::format("--batch {} is more than the {} clips of an epoch: each is one smaller step, "
                    "and learns little",
                    options.batch, data.partition().num_samples));
  }
  if (options.scale_lr > 0) {
    Say(fmt::format("--scale-lr {}: learning rate {:g} instead of {:g} for a batch of {}",
                    options.scale_lr, options.ScaledSchedule().lr, options.schedule.lr,
                    options.batch));
  }
  if (resumed) {
    Say(fmt::format("going on from step {}, epoch {}", position.step, position.epoch));
  }
}

// Loads the pretrained weights, unless the run resumes and has its weights already.
void Trainer::State::BeginFineTuning(bool resumed) {
  if (!resumed) {
    Say(LoadPretrained(*network, PretrainedFile(options.finetune)));
  }
  if (num_frozen > 0) {
    Say(fmt::format("{} values before {} are frozen; batch norm there {} (--finetune-bn)",
                    num_frozen, options.finetune.from,
                    options.finetune.bn == "fixed"
                        ? "keeps the file's statistics"
                        : "still normalises by each batch, and its running statistics move on"));
  }
}

}  // namespace reel3d
