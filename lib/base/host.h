// The machine that this process runs on, and how much of it is this process's.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace reel3d {

// "unknown" where the system does not say.
std::string HostName();

// The numbers of the cores that this thread may run on, rising, as Slurm, mpirun, taskset or a
// container bound it; at least one.
std::vector<int> AllowedCores();

// How many threads can work at a time: the allowed cores, or fewer where a control group limits the
// processor time (1.5 cores are two threads); at least 1. `root` holds /proc and /sys.
int AvailableCores(const std::filesystem::path& root = "/");

// The memory of the machine, or less where a control group limits it.
int64_t AvailableMemoryBytes(const std::filesystem::path& root = "/");

// What a --threads option means: as many as wanted, or for 0 one for each available core.
inline int ThreadCount(int wanted) { return wanted > 0 ? wanted : AvailableCores(); }

// The same for processes that may want `each_bytes` of memory: for 0 one for each available core,
// but no more than the available memory holds; at least 1.
int ProcessCount(int wanted, int64_t each_bytes, const std::filesystem::path& root = "/");

}  // namespace reel3d
