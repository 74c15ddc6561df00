// Finds GPUs and makes their process group. Private to lib/dist; without CUDA, no_nccl_group.cc
// replaces nccl_group.cc.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/dist/process_group.h"

namespace reel3d {

// Tell whether this build has CUDA, and how many GPUs this process sees.
bool HasCuda();
int NumGpus();

// Returns an id of the first GPU, or of the first slice of a GPU (MIG), that differs from all
// others. Processes with the same id see the same GPUs. Empty if there is no GPU.
std::string FirstGpuId();

// Makes `device` the current GPU of the calling thread.
void UseGpu(at::Device device);

// See MakeProcessGroup.
ProcessGroup MakeNcclGroup(const World& world, at::Device device);

}  // namespace reel3d
