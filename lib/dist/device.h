// Chooses the device that a rank computes on.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include "lib/dist/device_choice.h"
#include "lib/dist/world.h"

namespace reel3d {

// Returns the device of this rank. kCpu: the CPU. kCuda: GPU n for the n-th rank (from 0) of those
// that see the same GPUs. kAuto: that GPU if every rank has one, else the CPU. Makes the GPU
// current. Throws an environment error if `choice` is kCuda and this build has no CUDA, or the
// ranks outnumber the GPUs that they see. Collective.
at::Device ChooseDevice(DeviceChoice choice, const World& world);

// Does the same for a process that is not a rank. kCuda is the first GPU, and so is kAuto if
// there is a GPU.
at::Device ChooseDevice(DeviceChoice choice);

// Chooses the kernels that GPUs run in this process. By default they are the fastest ones, found by
// trying all kernels when a convolution meets a shape for the first time. With `deterministic`
// each kernel gives the same bits every time, and operations without such a kernel throw. CPU
// kernels always give the same bits. With `has_many_shapes` kernels are chosen without trying,
// because trying takes seconds for each shape. Call it before the first computation on a GPU.
void ChooseKernels(bool deterministic, bool has_many_shapes = false);

}  // namespace reel3d
