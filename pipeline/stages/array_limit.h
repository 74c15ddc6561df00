// Asks Slurm how large a job array may be.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace reel3d {

// Returns the number of tasks that an array may have on this cluster, see MostArrayTasks(). Throws
// an environment error if `scontrol show config` does not print MaxArraySize within 10 seconds.
double AskMostArrayTasks();

}  // namespace reel3d
