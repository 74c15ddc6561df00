// Holds the choices of --device, without torch; lib/dist/device.h finds the device.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "lib/base/choices.h"

namespace reel3d {

enum class DeviceChoice { kAuto, kCpu, kCuda };
inline std::vector<NamedChoice<DeviceChoice>> ChoicesOf(DeviceChoice /*type*/) {
  return {{DeviceChoice::kAuto, "auto", "on a GPU if there is one for each rank, else on the CPU"},
          {DeviceChoice::kCpu, "cpu", ""},
          {DeviceChoice::kCuda, "cuda", ""}};
}

}  // namespace reel3d
