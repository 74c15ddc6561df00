// What a launcher such as mpirun or srun says of this process before MPI starts.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

namespace reel3d {

// The number of this process among those that mpirun, or srun with --mpi, started together. None
// for a process that was started alone.
std::optional<int> LaunchedRank();

// Whether Open MPI's mpirun started this process. It kills its ranks a second after it has sent
// them SIGTERM.
bool StartedByMpirun();

// Set for the ranks that run-ranks starts. Open MPI carries variables of this prefix to other
// nodes.
constexpr const char* kRunRanksVariable = "OMPI_REEL3D_RUN_RANKS";

// Whether run-ranks (lib/base/launcher.h) started this process. It repeats SIGUSR1, which a
// launcher that is still starting loses, and ends ranks at once by SIGUSR2.
bool StartedByRunRanks();

}  // namespace reel3d
