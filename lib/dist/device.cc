// SPDX-License-Identifier: Apache-2.0
#include "lib/dist/device.h"

#include <fmt/format.h>

#include "lib/base/error.h"
#include "lib/dist/nccl_group.h"

namespace reel3d {

at::Device ChooseDevice(const std::string& choice, const World& world) {
  const bool has_gpu = world.local_rank() < NumGpus();
  const bool all_have = !world.Any(!has_gpu);
  if (choice == "cpu" || (choice == "auto" && !all_have)) {
    return at::kCPU;
  }
  if (choice != "auto" && choice != "cuda") {
    throw UsageError(fmt::format("device '{}': there is auto, cpu and cuda", choice));
  }
  if (!HasCuda()) {
    throw EnvironmentError("--device cuda: this reel3d was built without CUDA (-DREEL3D_CUDA=ON)");
  }
  if (!has_gpu) {
    throw EnvironmentError(fmt::format("--device cuda: {} shows {} GPUs to {} ranks", world.host(),
                                       NumGpus(), world.local_size()));
  }
  const at::Device device(at::kCUDA, static_cast<at::DeviceIndex>(world.local_rank()));
  UseGpu(device);
  return device;
}

}  // namespace reel3d
