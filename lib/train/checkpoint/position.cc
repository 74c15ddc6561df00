// SPDX-License-Identifier: Apache-2.0
#include "lib/train/checkpoint/position.h"

#include <fmt/format.h>

#include "lib/base/error.h"
#include "lib/base/json.h"

namespace reel3d {
namespace {

// Far more than a run can do. A larger number comes from a damaged file.
constexpr int64_t kMostSteps = 1'000'000'000'000'000;
constexpr int64_t kMostEpochs = 1'000'000;

}  // namespace

int64_t Position::RollBackStep(int checkpoint_epochs, int64_t steps_in_epoch) const {
  return (epoch - epoch % checkpoint_epochs) * steps_in_epoch;
}

nlohmann::ordered_json Position::State() const {
  return {{"step", step},           {"epoch", epoch},           {"step_in_epoch", step_in_epoch},
          {"best_top1", best_top1}, {"best_loss", best_loss},   {"best_step", best_step},
          {"num_bad", num_bad},     {"bad_in_row", bad_in_row}, {"last_epoch", last_epoch}};
}

void Position::Restore(const nlohmann::ordered_json& state, int64_t steps_in_epoch,
                       const std::string& source) {
  UseJson(source, [&] {
    const auto integer = [&](const char* name, int64_t least, int64_t most) {
      return IntegerAt(state, name, least, most, source);
    };
    const auto older = [&](const char* name) {  // older checkpoints lack it
      return state.contains(name) ? integer(name, 0, step) : 0;
    };
    step = integer("step", 0, kMostSteps);
    epoch = static_cast<int>(integer("epoch", 0, kMostEpochs));
    step_in_epoch = integer("step_in_epoch", 0, steps_in_epoch);
    best_top1 = state.at("best_top1").get<double>();
    best_loss = state.at("best_loss").get<double>();
    best_step = integer("best_step", -1, step);
    num_bad = older("num_bad");
    bad_in_row = older("bad_in_row");
    last_epoch = state.at("last_epoch");
  });
  const bool is_line = last_epoch.is_null() || last_epoch.is_object();
  if (epoch > step || !is_line) {
    throw InputError(fmt::format("{}: step {}, {} of epoch {}, makes no sense", source, step,
                                 step_in_epoch, epoch));
  }
}

}  // namespace reel3d
