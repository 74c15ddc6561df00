// The process group of GPUs. Private to lib/dist; no_nccl_group.cc stands in for builds without
// CUDA. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/dist/process_group.h"

namespace reel3d {

// Whether this build has CUDA, and how many GPUs this host shows it.
bool HasCuda();
int NumGpus();

// Makes `device` the current GPU of the calling thread.
void UseGpu(at::Device device);

// See MakeProcessGroup.
ProcessGroup MakeNcclGroup(const World& world, at::Device device);

}  // namespace reel3d
