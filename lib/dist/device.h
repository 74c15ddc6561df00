// Which device a rank computes on.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <string>

#include "lib/dist/world.h"

namespace reel3d {

// `choice`: "cpu"; "cuda", the GPU numbered by the rank on its host; "auto", that GPU where every
// rank has one, else the CPU. Makes the GPU current. Throws an environment error where "cuda" is
// asked for and this build has no CUDA, or the host has fewer GPUs than ranks. Collective.
at::Device ChooseDevice(const std::string& choice, const World& world);

// The same for a process that is no rank: the first GPU for "cuda" and, where there is one, "auto".
at::Device ChooseDevice(const std::string& choice);

// Which kernels GPUs are given in this process: the fastest, found by trying those that there are
// on each shape of a convolution when it comes for the first time; or, with `deterministic`, those
// that give the same bits each time (what has none throws). CPUs' kernels always do. Before the
// first computation on a GPU.
void ChooseKernels(bool deterministic);

}  // namespace reel3d
