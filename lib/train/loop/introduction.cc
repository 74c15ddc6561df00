// SPDX-License-Identifier: Apache-2.0
#include "lib/train/loop/introduction.h"

#include <fmt/format.h>

#include "lib/base/log.h"
#include "lib/base/plural.h"

namespace reel3d {

void Introduce(const Introduction& run) {
  const TrainOptions& options = run.options;
  if (run.learner.num_frozen() > 0) {
    LogInfo(
        fmt::format("{} values before {} are frozen; batch norm there {} (--finetune-bn)",
                    run.learner.num_frozen(), options.finetune.from,
                    options.finetune.bn == FrozenStatistics::kFixed
                        ? "keeps the file's statistics"
                        : "still normalises by each batch, and its running statistics move on"));
  }
  LogInfo(
      fmt::format("{}, {} parameters, {}; {} training and {} validation videos; {} on {}, {} each",
                  Describe(options.network), run.learner.NumParameters(),
                  Count(static_cast<int64_t>(run.shards.classes().size()), "class", "classes"),
                  run.data.num_training(), run.data.num_validation(), Count(run.num_ranks, "rank"),
                  run.device.str(), Count(run.threads, "thread")));
  if (options.batch > run.data.partition().num_samples) {
    LogWarn(
        fmt::format("--batch {} is more than the {} clips of an epoch: each is one smaller step, "
                    "and learns little",
                    options.batch, run.data.partition().num_samples));
  }
  if (options.scale_lr > 0) {
    LogInfo(fmt::format("--scale-lr {}: learning rate {:g} instead of {:g} for a batch of {}",
                        options.scale_lr, options.ScaledSchedule().lr, options.schedule.lr,
                        options.batch));
  }
}

}  // namespace reel3d
