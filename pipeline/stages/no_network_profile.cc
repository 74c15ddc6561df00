// Replaces network_profile.cc in a build without torch.
// SPDX-License-Identifier: Apache-2.0
#include "lib/base/error.h"
#include "pipeline/stages/network_profile.h"

namespace reel3d {

nlohmann::ordered_json DescribeNetwork(const std::string& /*file*/, const ProfiledClip& /*clip*/) {
  throw UsageError("--layers: this program was built without LibTorch, which computes them");
}

}  // namespace reel3d
