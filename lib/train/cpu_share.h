// How many cores belong to this process.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/dist/world.h"

namespace reel3d {

// The cores that this process may use: its affinity, as Slurm, mpirun or taskset set it.
int AvailableCores();

// This rank's even part of them, where other ranks of its host may use the very same ones; at least
// 1. Collective.
int CpuShare(const World& world);

}  // namespace reel3d
