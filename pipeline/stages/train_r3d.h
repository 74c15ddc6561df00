// The stage behind train-r3d: trains a network. mpirun starts it on every rank.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/cli/tool.h"
#include "lib/train/train_options.h"

namespace reel3d {

// Trains with `options`, on all ranks that were started with this process. Writes checkpoints/,
// metrics.jsonl, config.ini, report.json and DONE to RUN_DIR. Only the main rank returns a result.
// The exit status is 75 if the run stopped early.
ToolResult RunTraining(TrainOptions options);

}  // namespace reel3d
