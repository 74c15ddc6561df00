// Asks Slurm how large an array may be.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace reel3d {

// Returns MaxArraySize of this cluster. Throws an environment error if scontrol does not say it
// within some seconds.
double AskMaxArraySize();

}  // namespace reel3d
