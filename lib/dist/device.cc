// SPDX-License-Identifier: Apache-2.0
#include "lib/dist/device.h"

#include <ATen/Context.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "lib/base/error.h"
#include "lib/dist/nccl_group.h"

namespace reel3d {

namespace {

// `index` is the number of our GPU among those that this process sees. `sharers` is the number of
// processes that see the same GPUs. If `all_have` is false, some rank has no GPU, so kAuto must
// choose the CPU on every rank.
at::Device Choose(DeviceChoice choice, int index, int64_t sharers, bool all_have) {
  if (choice == DeviceChoice::kCpu || (choice == DeviceChoice::kAuto && !all_have)) {
    return at::kCPU;
  }
  if (!HasCuda()) {
    throw EnvironmentError("--device cuda: this reel3d was built without CUDA (-DREEL3D_CUDA=ON)");
  }
  if (index >= NumGpus()) {
    throw EnvironmentError(
        fmt::format("--device cuda: {} GPUs for {} ranks of this host", NumGpus(), sharers));
  }
  const at::Device device(at::kCUDA, static_cast<at::DeviceIndex>(index));
  UseGpu(device);
  return device;
}

}  // namespace

at::Device ChooseDevice(DeviceChoice choice, const World& world) {
  // Slurm may show each rank a GPU of its own, always under the number 0. So a rank shares GPUs
  // only with ranks that see the same first GPU.
  const std::string ours = world.host() + " " + FirstGpuId();
  const std::vector<std::string> all = world.Gather(ours);
  const auto index = static_cast<int>(std::count(all.begin(), all.begin() + world.rank(), ours));
  const bool all_have = !world.Any(index >= NumGpus());
  return Choose(choice, index, std::count(all.begin(), all.end(), ours), all_have);
}

void ChooseKernels(bool deterministic, bool has_many_shapes) {
  at::Context& context = at::globalContext();
  context.setBenchmarkCuDNN(!deterministic && !has_many_shapes);
  context.setDeterministicCuDNN(deterministic);
  if (deterministic) {
    // cuBLAS reads this variable when it starts, and torch refuses deterministic linear layers
    // without it.
    setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*replace=*/0);
    context.setDeterministicAlgorithms(true, /*warn_only=*/false);
    context.setDeterministicFillUninitializedMemory(
        false);  // filling takes time, and no such memory is read here
  }
}

at::Device ChooseDevice(DeviceChoice choice) { return Choose(choice, 0, 1, NumGpus() > 0); }

}  // namespace reel3d
