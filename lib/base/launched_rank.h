// Reads from the environment how a launcher such as mpirun or srun started this process. It works
// before MPI starts.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

namespace reel3d {

// Returns the number of this process among those that mpirun, or srun with --mpi, started together.
// A process that was started alone has none.
std::optional<int> LaunchedRank();

// Returns whether Open MPI's mpirun started this process. mpirun kills its ranks a second after it
// has sent them SIGTERM.
bool StartedByMpirun();

// This variable is set for the ranks that run-ranks starts. Open MPI carries variables of this
// prefix to other nodes.
constexpr const char* kRunRanksVariable = "OMPI_REEL3D_RUN_RANKS";

// Returns whether run-ranks (lib/base/launcher.h) started this process. run-ranks repeats SIGUSR1,
// since a launcher that is still starting loses it, and ends ranks at once by SIGUSR2.
bool StartedByRunRanks();

}  // namespace reel3d
