// GPUs and their process group. Private to lib/dist; no_nccl_group.cc stands in without CUDA.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/dist/process_group.h"

namespace reel3d {

// Whether this build has CUDA, and how many GPUs this host shows it.
bool HasCuda();
int NumGpus();

// Tells the first of them from all others, a slice of a GPU (MIG) too: processes with the same
// answer see the same GPUs. Empty where there is none.
std::string FirstGpuId();

// Makes `device` the current GPU of the calling thread.
void UseGpu(at::Device device);

// See MakeProcessGroup.
ProcessGroup MakeNcclGroup(const World& world, at::Device device);

}  // namespace reel3d
