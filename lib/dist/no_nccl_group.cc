// SPDX-License-Identifier: Apache-2.0
#include "lib/base/error.h"
#include "lib/dist/nccl_group.h"

namespace reel3d {

bool HasCuda() { return false; }

int NumGpus() { return 0; }

Gpu GpuOf(int /*index*/) {
  throw EnvironmentError("this reel3d was built without CUDA (-DREEL3D_CUDA=ON)");
}

void UseGpu(at::Device device) { GpuOf(device.index()); }

ProcessGroup MakeNcclGroup(const World& /*world*/, at::Device device) {
  UseGpu(device);
  return {};
}

}  // namespace reel3d
