// SPDX-License-Identifier: Apache-2.0
#include "lib/train/checkpoint/position.h"

#include <fmt/format.h>

#include "lib/base/error.h"
#include "lib/base/json.h"

namespace reel3d {

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
    step = state.at("step").get<int64_t>();
    epoch = state.at("epoch").get<int>();
    step_in_epoch = state.at("step_in_epoch").get<int64_t>();
    best_top1 = state.at("best_top1").get<double>();
    best_loss = state.at("best_loss").get<double>();
    best_step = state.at("best_step").get<int64_t>();
    num_bad = state.value("num_bad", int64_t{0});  // older checkpoints lack it
    bad_in_row = state.value("bad_in_row", int64_t{0});
    last_epoch = state.at("last_epoch");
  });
  const bool is_line = last_epoch.is_null() || last_epoch.is_object();
  if (step < 0 || epoch < 0 || step_in_epoch < 0 || step_in_epoch > steps_in_epoch || !is_line) {
    throw InputError(fmt::format("{}: step {}, {} of epoch {}, makes no sense", source, step,
                                 step_in_epoch, epoch));
  }
}

}  // namespace reel3d
