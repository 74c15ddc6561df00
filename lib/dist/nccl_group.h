// Finds GPUs and makes their process group. Private to lib/dist; without CUDA, no_nccl_group.cc
// replaces nccl_group.cc.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/dist/process_group.h"

namespace reel3d {

// Return whether this build has CUDA, and how many GPUs this process sees.
bool HasCuda();
int NumGpus();

// Returns the unique id of the first GPU that this process sees, or of the first slice of a GPU
// (MIG). Processes with the same id see the same GPUs. Returns "" if there is no GPU.
std::string FirstGpuId();

// Makes `device` the current GPU of the calling thread.
void UseGpu(at::Device device);

// See MakeProcessGroup.
ProcessGroup MakeNcclGroup(const World& world, at::Device device);

}  // namespace reel3d
