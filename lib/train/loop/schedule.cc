// SPDX-License-Identifier: Apache-2.0
#include "lib/train/loop/schedule.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "lib/base/error.h"
#include "lib/base/json.h"

namespace reel3d {

void ScheduleOptions::Bind(OptionBinder& binder) {
  binder.Choice("schedule", &kind, "how the learning rate falls");
  binder.Bind("lr", &lr, {1e-9, 1e3}, "learning rate at the start, for the global batch");
  binder.Bind("lr-factor", &factor, {1e-6, 1},
              "factor of the learning rate at each decay, in plateau and multistep schedules");
  binder.Bind(
      "patience", &patience, {0, 1000},
      "epochs without a better validation loss before the learning rate decays, in a plateau "
      "schedule");
  binder.Bind(
      "plateau-threshold", &threshold, {0, 1},
      "relative decrease that makes a validation loss better, in a plateau schedule: the loss "
      "must be below the best one times (1 - this value). 0: any decrease");
  binder.Bind("max-decays", &max_decays, {0, 100},
              "maximum number of decays of the learning rate, in a plateau schedule. 0: no decay");
  binder.Bind("milestones", &milestones,
              "numbers of epochs after which the learning rate decays, in a multistep schedule");
  binder.Bind("warmup-epochs", &warmup_epochs, {0, 1000},
              "number of first epochs over which the learning rate rises linearly, step by step; "
              "0: no rise");
  binder.Bind(
      "warmup-start", &warmup_start, {0, 1},
      "fraction of the learning rate at which the rise of --warmup-epochs starts. 0: from zero");
}

void ScheduleOptions::Check() const {
  if (!std::is_sorted(milestones.begin(), milestones.end())) {
    throw UsageError("--milestones: must ascend");
  }
}

Schedule::Schedule(ScheduleOptions options, int num_epochs)
    : options_(std::move(options)), num_epochs_(num_epochs) {}

double Schedule::Rate(double epochs_done) const {
  double rate = options_.lr;
  if (options_.kind == ScheduleKind::kPlateau) {
    rate *= std::pow(options_.factor, num_decays_);
  } else if (options_.kind == ScheduleKind::kMultistep) {
    const auto passed = std::count_if(options_.milestones.begin(), options_.milestones.end(),
                                      [&](double milestone) { return milestone <= epochs_done; });
    rate *= std::pow(options_.factor, static_cast<double>(passed));
  } else if (options_.kind == ScheduleKind::kCosine) {
    const double done = std::min(1.0, epochs_done / num_epochs_);
    rate *= 0.5 * (1 + std::cos(done * 3.14159265358979323846));
  }
  if (epochs_done < options_.warmup_epochs) {
    const double start = options_.warmup_start;
    rate *= start + (1 - start) * epochs_done / options_.warmup_epochs;
  }
  return rate;
}

bool Schedule::EndEpoch(double validation_loss) {
  if (options_.kind != ScheduleKind::kPlateau || std::isnan(validation_loss)) {
    return false;
  }
  if (validation_loss < best_loss_ * (1 - options_.threshold)) {
    best_loss_ = validation_loss;
    epochs_since_best_ = 0;
    return false;
  }
  if (++epochs_since_best_ <= options_.patience || num_decays_ >= options_.max_decays) {
    return false;
  }
  epochs_since_best_ = 0;
  ++num_decays_;
  return true;
}

nlohmann::ordered_json Schedule::State() const {
  nlohmann::ordered_json state{{"epochs_since_best", epochs_since_best_},
                               {"num_decays", num_decays_}};
  // JSON has no infinity, so an absent value means that no epoch has been validated.
  if (std::isfinite(best_loss_)) {
    state["best_loss"] = best_loss_;
  }
  return state;
}

void Schedule::Restore(const nlohmann::ordered_json& state) {
  try {
    best_loss_ = state.value("best_loss", std::numeric_limits<double>::infinity());
    const auto count = [&](const char* name) {
      return static_cast<int>(
          IntegerAt(state, name, 0, std::numeric_limits<int>::max(), "schedule of the checkpoint"));
    };
    epochs_since_best_ = count("epochs_since_best");
    num_decays_ = count("num_decays");
  } catch (const nlohmann::json::exception& error) {
    throw InputError(std::string("schedule of the checkpoint: ") + error.what());
  }
}

}  // namespace reel3d
