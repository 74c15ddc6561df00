// Makes the c10d process group of all ranks: NCCL for GPUs, MpiBackend for the CPU.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>

#include "lib/dist/world.h"

namespace reel3d {

using ProcessGroup = c10::intrusive_ptr<c10d::ProcessGroup>;

// Collective. A world of one rank gets a real group too. Drop every reference to the group before
// `world` ends. Throws an environment error if NCCL or MPI cannot start.
ProcessGroup MakeProcessGroup(const World& world, at::Device device);

// Sums `tensor` over the group in place. On a GPU the stream waits, not the caller. Collective.
void AllReduceSum(const ProcessGroup& group, at::Tensor tensor);

// Overwrites the tensors (any types, one device) with those of rank 0. Collective.
void BroadcastFromMain(const ProcessGroup& group, const std::vector<at::Tensor>& tensors);

}  // namespace reel3d
