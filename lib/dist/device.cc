// SPDX-License-Identifier: Apache-2.0
#include "lib/dist/device.h"

#include <ATen/Context.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/log.h"
#include "lib/base/plural.h"
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

Gpu DescribeGpu(at::Device device) {
  if (!device.is_cuda()) {
    throw EnvironmentError(device.str() + " is no GPU");
  }
  return GpuOf(device.index());
}

bool HasNvidiaGpu(const std::filesystem::path& devices) {
  std::error_code unreadable;
  return std::filesystem::exists(devices / "nvidiactl", unreadable);
}

std::string IdleGpusWarning(const SeenGpus& seen) {
  if (seen.num_gpus > 0) {
    return fmt::format(
        "computes on the CPU, because this host has {} for {}: start as many ranks as there are "
        "GPUs, or give --device cpu; --device cuda makes this an error",
        Count(seen.num_gpus, "GPU"), Count(seen.num_ranks, "rank"));
  }
  if (!seen.build_has_cuda && seen.has_nvidia) {
    return "computes on the CPU although this host has an NVIDIA GPU, because this build has no "
           "CUDA: use the tools of build/cuda/bin (make -f Makefile.workflow cuda-build), or give "
           "--device cpu";
  }
  return "";
}

at::Device ChooseDevice(DeviceChoice choice, const World& world) {
  // Slurm may show each rank a GPU of its own, always under the number 0. So a rank shares GPUs
  // only with ranks that see the same first GPU.
  const std::string ours = world.host() + " " + (NumGpus() > 0 ? GpuOf(0).id : "");
  const std::vector<std::string> all = world.Gather(ours);
  const auto index = static_cast<int>(std::count(all.begin(), all.begin() + world.rank(), ours));
  const auto sharers = static_cast<int64_t>(std::count(all.begin(), all.end(), ours));
  const bool all_have = !world.Any(index >= NumGpus());
  if (choice == DeviceChoice::kAuto && !all_have) {
    const std::string warning = IdleGpusWarning({HasCuda(), NumGpus(), sharers, HasNvidiaGpu()});
    // Ranks of other hosts may be the ones that have GPUs.
    const std::vector<std::string> warnings = world.Gather(warning);
    const auto first = std::find_if(warnings.begin(), warnings.end(),
                                    [](const std::string& text) { return !text.empty(); });
    if (world.is_main() && first != warnings.end()) {
      LogWarn(*first);
    }
  }
  return Choose(choice, index, sharers, all_have);
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

at::Device ChooseDevice(DeviceChoice choice) {
  const bool has_gpu = NumGpus() > 0;
  if (choice == DeviceChoice::kAuto && !has_gpu) {
    const std::string warning = IdleGpusWarning({HasCuda(), 0, 1, HasNvidiaGpu()});
    if (!warning.empty()) {
      LogWarn(warning);
    }
  }
  return Choose(choice, 0, 1, has_gpu);
}

}  // namespace reel3d
