// SPDX-License-Identifier: Apache-2.0
#include "lib/train/log/run_views.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "lib/base/error.h"
#include "lib/base/log.h"
#include "lib/base/progress.h"
#include "lib/base/wall_clock.h"
#include "lib/train/checkpoint/checkpoint_folder.h"
#include "lib/train/log/clip_sheet.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

// Returns no values if there are no clips.
Scalars Curves(const ClipMeans& means, const std::string& subset) {
  if (means.num_clips == 0) {
    return {};
  }
  return {{"loss/" + subset, means.loss},
          {"top1/" + subset, means.top1},
          {"top5/" + subset, means.top5}};
}

// Returns the last step whose line is kept. A checkpoint may have been saved after an epoch's last
// step, but before its validation. The resumed run ends that epoch again, so its line is dropped.
int64_t LastLine(const Position& position) {
  return position.step - (position.step_in_epoch > 0 ? 1 : 0);
}

// Returns the lines of metrics.jsonl that the run's checkpoints hold.
std::vector<nlohmann::ordered_json> LinesInCheckpoints(const TrainOptions& options, bool resumed) {
  std::vector<nlohmann::ordered_json> lines;
  if (!resumed) {
    return lines;
  }
  for (const fs::path& checkpoint : ListCheckpoints(fs::path(options.run_dir) / "checkpoints")) {
    try {
      lines.push_back(
          ReadCheckpointState(checkpoint).value("last_epoch", nlohmann::ordered_json()));
    } catch (const Error&) {
      // This checkpoint is damaged, so its line is lost.
    }
  }
  return lines;
}

}  // namespace

nlohmann::ordered_json EpochLine(const Position& position, double lr, const ClipMeans& training,
                                 const ClipMeans& validation) {
  nlohmann::ordered_json line{{"step", position.step}, {"epoch", position.epoch}, {"lr", lr}};
  const auto add = [&](const ClipMeans& means, const std::string& subset) {
    if (means.num_clips > 0) {
      line[subset + "_loss"] = means.loss;
      line[subset + "_top1"] = means.top1;
      line[subset + "_top5"] = means.top5;
    }
  };
  add(training, "train");
  add(validation, "validation");
  return line;
}

RunViews::RunViews(const TrainOptions& options, const Position& position, bool resumed)
    : options_(options),
      first_epoch_(position.epoch),
      metrics_(fs::path(options.run_dir) / "metrics.jsonl", LastLine(position),
               LinesInCheckpoints(options, resumed)),
      times_(fs::path(options.run_dir) / "times.jsonl", LastLine(position)) {
  metrics_.WarnOfLostEpochs(position.epoch);
  times_.WarnOfLostEpochs(position.epoch);
  if (options.tensorboard_every > 0) {
    tensorboard_.emplace(fs::path(options.run_dir) / "tensorboard", resumed ? position.step : -1);
  }
}

void RunViews::ShowClips(const at::Tensor& pixels) {
  if (tensorboard_ && pixels.size(0) > 0) {
    tensorboard_->Add(0, "clips/training", ClipSheet(pixels));
  }
}

void RunViews::AddPoint(const CurvePoint& point) {
  if (!tensorboard_) {
    return;
  }
  Scalars scalars = Curves(point.training, "training");
  scalars.insert(scalars.end(), {{"optimizer/lr", point.lr},
                                 {"optimizer/gradient_norm", point.gradient_norm},
                                 {"optimizer/weight_norm", point.weight_norm}});
  tensorboard_->Add(point.step, scalars);
  const PhaseSeconds spent = point.phases - last_point_.phases;
  const double training_s = Total(spent) - In(spent, Phase::kStart) - In(spent, Phase::kValidate) -
                            In(spent, Phase::kSave);
  const double num_clips = point.clips_trained - last_point_.clips_trained;
  tensorboard_->Add(point.step, {{"speed/clips_per_s", num_clips / training_s},
                                 {"speed/waiting_share", In(spent, Phase::kData) / training_s}});
  last_point_ = point;
}

void RunViews::RecordEpoch(const nlohmann::ordered_json& line, const ClipMeans& validation,
                           const EpochSpeed& speed) {
  const PhaseSeconds& phases = speed.ranks.front().phases;
  const int epoch = line.at("epoch");
  const double left_s =
      clock_.Seconds() / std::max(1, epoch - first_epoch_) * (options_.epochs - epoch);
  LogInfo(fmt::format("{}; {:.0f} clips/s, waiting for data {:.0f} %; {} left",
                      DescribeEpoch(line, options_.epochs), speed.num_clips / Total(phases),
                      100 * In(phases, Phase::kData) / Total(phases), FormatDuration(left_s)));
  metrics_.Append(line);
  if (tensorboard_ && validation.num_clips > 0) {
    tensorboard_->Add(line.at("step"), Curves(validation, "validation"));
  }
  RecordTimes(line, speed);
}

void RunViews::RecordTimes(const nlohmann::ordered_json& line, const EpochSpeed& speed) {
  nlohmann::ordered_json times{
      {"step", line.at("step")},       {"epoch", line.at("epoch")},
      {"clips", speed.num_clips},      {"seconds", Total(speed.ranks.front().phases)},
      {"ended_s", SecondsSince1970()}, {"ranks", nlohmann::ordered_json::array()}};
  for (const RankTimes& rank : speed.ranks) {
    times["ranks"].push_back(ToJson(rank));
  }
  times_.Append(times);
  const int epoch = line.at("epoch");
  const Verdict verdict =
      Judge(speed.ranks, speed.loader_threads, speed.cores, !options_.staging.folder.empty());
  const std::string reading = DescribeReading(speed.ranks);
  const std::string text =
      fmt::format("epoch {}'s time: {}; {}{}{}", epoch, DescribeTimes(speed.ranks), reading,
                  reading.empty() ? "" : "; ", verdict.Text());
  if (verdict_news_.IsNews(verdict.limit, epoch == options_.epochs)) {
    LogInfo(text);
  } else {
    LogDebug(text);
  }
}

void RunViews::Flush() {
  metrics_.Flush();
  times_.Flush();
  if (tensorboard_) {
    tensorboard_->Flush();
  }
}

}  // namespace reel3d
