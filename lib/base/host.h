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

// Returns the numbers of the cores that this thread may run on, rising, as Slurm, mpirun, taskset
// or a container bound it. There is at least one.
std::vector<int> AllowedCores();

// Returns how many threads can work at a time, at least 1: the allowed cores, or fewer if a control
// group limits the processor time (1.5 cores are two threads). `root` holds /proc and /sys.
int AvailableCores(const std::filesystem::path& root = "/");

// Returns the memory of the machine, or less if a control group limits it.
int64_t AvailableMemoryBytes(const std::filesystem::path& root = "/");

// Returns the threads that a --threads option means: `wanted`, or for 0 one per available core.
inline int ThreadCount(int wanted) { return wanted > 0 ? wanted : AvailableCores(); }

// Returns the number of processes that `wanted` means, if each may need `each_bytes` of memory. For
// 0 it is one per available core, but no more than the available memory holds, and at least 1.
int ProcessCount(int wanted, int64_t each_bytes, const std::filesystem::path& root = "/");

}  // namespace reel3d
