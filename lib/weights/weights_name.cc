// SPDX-License-Identifier: Apache-2.0
#include "lib/weights/weights_name.h"

namespace reel3d {
namespace fs = std::filesystem;

WeightsName SplitWeightsName(const fs::path& name) {
  std::error_code ignored;
  const std::string text = name.string();
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || fs::exists(name, ignored) ||
      !fs::is_regular_file(text.substr(0, colon), ignored)) {
    return {name, ""};
  }
  return {text.substr(0, colon), text.substr(colon + 1)};
}

}  // namespace reel3d
