// Shows the run: lines on the screen, metrics.jsonl, TensorBoard's curves. Nothing here changes
// what the network learns.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/base/log.h"
#include "lib/base/progress.h"
#include "lib/train/clip_sheet.h"
#include "lib/train/cpu_share.h"
#include "lib/train/epoch_times.h"
#include "lib/train/trainer_state.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

// Returns no points if there are no clips.
Scalars Curves(const ClipMeans& means, const std::string& subset) {
  if (means.num_clips == 0) {
    return {};
  }
  return {{"loss/" + subset, means.loss},
          {"top1/" + subset, means.top1},
          {"top5/" + subset, means.top5}};
}

}  // namespace

void Trainer::State::Say(const std::string& message) const {
  if (world.is_main() && !message.empty()) {
    LogInfo(message);
  }
}

// Opens the logs. In a run from the start, they begin empty.
void Trainer::State::OpenViews(bool resumed) {
  if (!world.is_main()) {
    return;
  }
  // A checkpoint may have been saved after an epoch's last step, but before its validation. The
  // resumed run ends that epoch again, so its line, if there is one, is dropped here.
  const int64_t last_line = position.step - (position.step_in_epoch > 0 ? 1 : 0);
  metrics.emplace(fs::path(options.run_dir) / "metrics.jsonl", last_line);
  times.emplace(fs::path(options.run_dir) / "times.jsonl", last_line);
  if (options.tensorboard_every > 0) {
    tensorboard.emplace(fs::path(options.run_dir) / "tensorboard", resumed ? position.step : -1);
  }
}

void Trainer::State::At(Phase phase) {
  phases.Enter(validating ? Phase::kValidate : phase, position.step);
}

// Says which videos are being loaded, for a user who asks what a rank waits for. Other threads call
// it.
std::string Trainer::State::InHand(const BatchLoader& loader) const {
  std::vector<std::string> ids;
  for (const size_t video : loader.InHand()) {
    ids.push_back(shards.videos()[video].id);
  }
  if (!ids.empty()) {
    return fmt::format("loading {}", fmt::join(ids, ", "));
  }
  const int64_t video = last_video;
  return video < 0 ? "" : "last clip of " + shards.videos()[static_cast<size_t>(video)].id;
}

// Shows the run's first batch as the network sees it.
void Trainer::State::ShowClips(const at::Tensor& pixels) {
  if (tensorboard && pixels.size(0) > 0) {
    tensorboard->Add(0, "clips/training", ClipSheet(pixels));
  }
}

// Adds points to the curves every --tensorboard-every steps. Collective.
void Trainer::State::ShowStep(const at::Tensor& gradient_norm, double lr) {
  if (options.tensorboard_every == 0 || position.step % options.tensorboard_every != 0) {
    return;
  }
  EndAtBadStep();  // the host waits for the device here anyway
  const ClipMeans means = recent.Means(group);
  recent = ClipSums(device);
  if (!tensorboard) {
    return;
  }
  const at::NoGradGuard no_grad;
  const at::Tensor weight_norm = at::stack(at::_foreach_norm(network->parameters())).norm();
  Scalars scalars = Curves(means, "training");
  scalars.insert(scalars.end(), {{"optimizer/lr", lr},
                                 {"optimizer/gradient_norm", gradient_norm.item<double>()},
                                 {"optimizer/weight_norm", weight_norm.item<double>()}});
  tensorboard->Add(position.step, scalars);
  const PhaseSeconds now = phases.Seconds();
  const PhaseSeconds spent = now - shown_phases;
  shown_phases = now;
  const double training_s = Total(spent) - In(spent, Phase::kStart) - In(spent, Phase::kValidate) -
                            In(spent, Phase::kSave);
  tensorboard->Add(position.step,
                   {{"speed/clips_per_s", (clips_trained - shown_clips) / training_s},
                    {"speed/waiting_share", In(spent, Phase::kData) / training_s}});
  shown_clips = clips_trained;
}

// Records the epoch just finished: in metrics.jsonl, on the screen, in the report.
void Trainer::State::Record(const ClipMeans& training, const ClipMeans& validation, double lr) {
  nlohmann::ordered_json line{{"step", position.step}, {"epoch", position.epoch}, {"lr", lr}};
  const auto add = [&](const ClipMeans& means, const std::string& subset) {
    if (means.num_clips > 0) {  // none: all steps were skipped, or nothing was validated
      line[subset + "_loss"] = means.loss;
      line[subset + "_top1"] = means.top1;
      line[subset + "_top5"] = means.top5;
    }
  };
  add(training, "train");
  add(validation, "validation");
  const double epoch_s = Total(epoch_phases);
  const double left_s = clock.Seconds() / std::max(1, position.epoch - report.epochs) *
                        (options.epochs - position.epoch);
  Say(fmt::format("{}; {:.0f} clips/s, waiting for data {:.0f} %; {} left",
                  DescribeEpoch(line, options.epochs), epoch_clips / epoch_s,
                  100 * In(epoch_phases, Phase::kData) / epoch_s, FormatDuration(left_s)));
  if (metrics) {
    metrics->Append(line);
  }
  if (tensorboard && validation.num_clips > 0) {
    tensorboard->Add(position.step, Curves(validation, "validation"));
  }
  position.last_epoch = line;
}

// Reports where the time of the epoch went. Collective.
void Trainer::State::ShowTimes() {
  std::vector<RankTimes> ranks;
  nlohmann::ordered_json line{{"step", position.step},
                              {"epoch", position.epoch},
                              {"clips", epoch_clips},
                              {"seconds", Total(epoch_phases)},
                              {"ranks", nlohmann::ordered_json::array()}};
  const RankTimes own{world.host(), epoch_phases, epoch_read_s, epoch_decode_s};
  for (const std::string& text : world.Gather(ToJson(own).dump())) {
    line["ranks"].push_back(nlohmann::ordered_json::parse(text));
    ranks.push_back(RankTimesFrom(line["ranks"].back()));
  }
  if (times) {
    times->Append(line);
  }
  const Verdict verdict = Judge(ranks, loader_threads, CpuShare(world));
  const std::string text =
      fmt::format("epoch {}'s time: {}; {}", position.epoch, DescribeTimes(ranks), verdict.text);
  if (verdict_news.IsNews(verdict.limit, position.epoch == options.epochs)) {
    Say(text);
  } else if (world.is_main()) {
    LogDebug(text);
  }
}

}  // namespace reel3d
