// Describes the machine that this process runs on, and how much of it the process may use.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace reel3d {

// Returns "unknown" if the system does not say.
std::string HostName();

// Returns the numbers of the cores that this thread may run on, rising. Slurm, mpirun, taskset or a
// container may have bound the thread to some of them. There is at least one.
std::vector<int> AllowedCores();

// Returns how many threads can run at the same time, at least 1: the allowed cores, or fewer if a
// control group limits the processor time (1.5 cores are two threads). `root` holds /proc and /sys.
int AvailableCores(const std::filesystem::path& root = "/");

// Returns the memory of the machine, or less if a control group limits it.
int64_t AvailableMemoryBytes(const std::filesystem::path& root = "/");

// Returns the number of threads for a --threads option: `wanted`, or for 0 one per available core.
inline int ThreadCount(int wanted) { return wanted > 0 ? wanted : AvailableCores(); }

// Returns `wanted`, or for 0 one process per available core, but at most as many as fit into the
// available memory with `each_bytes` each, and at least 1.
int ProcessCount(int wanted, int64_t each_bytes, const std::filesystem::path& root = "/");

}  // namespace reel3d
