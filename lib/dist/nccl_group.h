// Finds GPUs and makes their process group. Private to lib/dist; without CUDA, no_nccl_group.cc
// replaces nccl_group.cc.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/dist/device.h"
#include "lib/dist/process_group.h"

namespace reel3d {

// Return whether this build has CUDA, and how many GPUs this process sees.
bool HasCuda();
int NumGpus();

// Returns the name and id of the GPU with this number among those that this process sees. Throws an
// environment error if there is none.
Gpu GpuOf(int index);

// Makes `device` the current GPU of the calling thread.
void UseGpu(at::Device device);

// See MakeProcessGroup.
ProcessGroup MakeNcclGroup(const World& world, at::Device device);

}  // namespace reel3d
