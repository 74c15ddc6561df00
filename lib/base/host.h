// The machine that this process runs on.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace reel3d {

// "unknown" where the system does not say.
std::string HostName();

// The cores that this process may use: its affinity, as Slurm, mpirun or taskset set it; at
// least 1.
int AvailableCores();

// What a --threads option means: as many as wanted, or for 0 one for each available core.
inline int ThreadCount(int wanted) { return wanted > 0 ? wanted : AvailableCores(); }

}  // namespace reel3d
