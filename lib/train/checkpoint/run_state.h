// Holds the state of a run except network and optimizer. A checkpoint stores it in state.json.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "lib/dist/process_group.h"
#include "lib/train/checkpoint/position.h"
#include "lib/train/loop/clip_sums.h"
#include "lib/train/loop/damaged_videos.h"
#include "lib/train/loop/schedule.h"
#include "lib/train/train_options.h"

namespace reel3d {

struct RunState {
  RunState(const TrainOptions& options, at::Device device)
      : sums(device), recent(device), schedule(options.ScaledSchedule(), options.epochs) {}

  Position position;
  ClipSums sums;    // sums of the current epoch
  ClipSums recent;  // sums since the last point of the curves
  Schedule schedule;
  DamagedVideos damaged;

  // Returns the state of the run over all ranks. Collective.
  nlohmann::ordered_json State(const ProcessGroup& group) const;
  // Restores what State() returned from `state`, the content of the file `source`. An epoch has
  // `steps_in_epoch` steps. Throws an input error on impossible values.
  void Restore(const nlohmann::ordered_json& state, int64_t steps_in_epoch,
               const std::string& source);
};

}  // namespace reel3d
