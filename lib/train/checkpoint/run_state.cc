// SPDX-License-Identifier: Apache-2.0
#include "lib/train/checkpoint/run_state.h"

#include <nlohmann/json.hpp>

#include "lib/base/json.h"

namespace reel3d {

nlohmann::ordered_json RunState::State(const ProcessGroup& group) const {
  nlohmann::ordered_json state = position.State();
  state.update({{"sums", sums.State(group)},
                {"recent_sums", recent.State(group)},
                {"schedule", schedule.State()},
                {"damaged", damaged.State()}});
  return state;
}

void RunState::Restore(const nlohmann::ordered_json& state, int64_t steps_in_epoch,
                       const std::string& source) {
  UseJson(source, [&] {
    position.Restore(state, steps_in_epoch, source);
    sums.Restore(state.at("sums"));
    recent.Restore(state.at("recent_sums"));
    schedule.Restore(state.at("schedule"));
    damaged.Restore(state.at("damaged"));
  });
}

}  // namespace reel3d
