// SPDX-License-Identifier: Apache-2.0
#include "lib/base/error.h"
#include "lib/dist/nccl_group.h"

namespace reel3d {

bool HasCuda() { return false; }

int NumGpus() { return 0; }

std::string FirstGpuId() { return {}; }

void UseGpu(at::Device /*device*/) {
  throw EnvironmentError("this reel3d was built without CUDA (-DREEL3D_CUDA=ON)");
}

ProcessGroup MakeNcclGroup(const World& /*world*/, at::Device device) {
  UseGpu(device);
  return {};
}

}  // namespace reel3d
