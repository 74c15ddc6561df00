// Asks Slurm how large a job array may be.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace reel3d {

// Returns Slurm's MaxArraySize on this cluster. Throws an environment error if `scontrol show
// config` does not print it within 10 seconds.
double AskMaxArraySize();

}  // namespace reel3d
