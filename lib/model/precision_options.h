// What --precision chooses, without torch; lib/model/precision.h does it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/base/option_binder.h"

namespace reel3d {

struct PrecisionOptions {
  std::string precision = "float32";

  // --precision.
  void Bind(OptionBinder& binder);
};

}  // namespace reel3d
