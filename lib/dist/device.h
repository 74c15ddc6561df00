// Chooses the device that a rank computes on.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "lib/dist/device_choice.h"
#include "lib/dist/world.h"

namespace reel3d {

// Returns the device of this rank. kCpu: the CPU. kCuda: GPU n for the n-th rank (from 0) of those
// that see the same GPUs. kAuto: that GPU if every rank has one, else the CPU, with a warning if
// GPUs are left idle. Makes the GPU current. Throws an environment error if `choice` is kCuda and
// this build has no CUDA, or the ranks outnumber the GPUs that they see. Collective.
at::Device ChooseDevice(DeviceChoice choice, const World& world);

// Does the same for a process that is not a rank. kCuda is the first GPU, and so is kAuto if
// there is a GPU.
at::Device ChooseDevice(DeviceChoice choice);

struct Gpu {
  std::string name;  // such as "NVIDIA H200"
  std::string id;    // 32 hexadecimal digits; each GPU, and each slice of a GPU (MIG), has its own
};

// Returns what GPU the device of this process is. Throws an environment error if it is no GPU.
Gpu DescribeGpu(at::Device device);

// The GPUs of a rank's host, as far as they are known.
struct SeenGpus {
  bool build_has_cuda = false;
  int64_t num_gpus = 0;   // that the process sees; 0 without CUDA
  int64_t num_ranks = 1;  // that share these GPUs
  bool has_nvidia = false;
};

// Returns what SeenGpus::has_nvidia asks: whether the host has an NVIDIA GPU whose driver runs,
// also for a build without CUDA. `devices` is /dev, but in tests.
bool HasNvidiaGpu(const std::filesystem::path& devices = "/dev");

// Returns the warning for a process that computes on the CPU because of --device auto although its
// host has GPUs. Returns "" if there are none.
std::string IdleGpusWarning(const SeenGpus& seen);

// Chooses the kernels that GPUs run in this process. By default they are the fastest ones, found by
// trying all kernels when a convolution meets a shape for the first time. With `deterministic`
// each kernel gives the same bits every time, and operations without such a kernel throw. CPU
// kernels always give the same bits. With `has_many_shapes` kernels are chosen without trying,
// because trying takes seconds for each shape. Call it before the first computation on a GPU.
void ChooseKernels(bool deterministic, bool has_many_shapes = false);

}  // namespace reel3d
