// Reads from the environment how a launcher such as mpirun or srun started this process. It works
// before MPI starts.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

namespace reel3d {

// Returns the number of this process among those that mpirun, or srun with --mpi, started together.
// A process that was started alone has none.
std::optional<int> LaunchedRank();

// Says how many processes a launcher has started together, and which variable states it.
struct LaunchedCount {
  int processes = 0;
  std::string variable;  // such as "SLURM_STEP_NUM_TASKS"
};

// Returns the count that the nearest launcher states: mpirun, or the process manager of another
// MPI, before the Slurm step around it, whose variables processes of an inner mpirun inherit.
// Variables of a job say nothing, since a job may start one process. Returns nothing for a process
// that was started alone.
std::optional<LaunchedCount> LaunchedTogether();

// Returns whether all processes that Open MPI's mpirun started together are on this host. False if
// another launcher started them, since it may not say so.
bool AllLaunchedHere();

// Throws an environment error if a launcher has started this process with others, but MPI knows of
// fewer processes, `mpi_size`: of this one alone, or of those of this host if PMIx does not connect
// hosts. Otherwise each such group would do the whole work, and count as finished.
void RequireOthersFound(int mpi_size);

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
