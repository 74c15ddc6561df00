// The training stage: what mpirun starts on every rank.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/cli/tool.h"
#include "lib/train/train_options.h"

namespace reel3d {

// Trains by `options`, on all ranks that this process was started with; RUN_DIR gets checkpoints/,
// metrics.jsonl, config.ini, report.json and DONE. On ranks other than the main one the result is
// empty. Exit status 75 when stopped early.
ToolResult RunTraining(TrainOptions options);

}  // namespace reel3d
