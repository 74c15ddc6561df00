// Declares the checks, each of which has a file of its name.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/cluster/check.h"

namespace reel3d {

// Compares the ranks that MPI found with those that were started.
ClusterCheck RanksCheck();
// Compares program, libraries and kernel of all ranks.
ClusterCheck VersionsCheck();
// Compares cores, their binding and control groups with the threads of ranks.
ClusterCheck CoresCheck();
// Compares open files, memory and /dev/shm with what ranks need.
ClusterCheck LimitsCheck();
// Looks up Slurm's limits on arrays and jobs, and what it does with jobs that it ends.
ClusterCheck SlurmCheck();
// Compares the clocks of the hosts.
ClusterCheck ClockCheck();
// Looks for a fast network, and for settings that do not use it.
ClusterCheck TransportCheck();
// Adds up gradients of the training's size over all ranks.
ClusterCheck AllReduceCheck();
// Exchanges data between pairs of ranks, and names a slow pair.
ClusterCheck SlowPairCheck();
// Computes one fixed training step on every rank, and compares its bits.
ClusterCheck SameStepCheck();
// Writes, syncs, locks and renames a file of each rank in --folder.
ClusterCheck FolderCheck();
// Measures how soon all ranks see a new file in --folder.
ClusterCheck VisibleCheck();
// Loads clips of --shards on all ranks at once.
ClusterCheck LoaderCheck();

}  // namespace reel3d
