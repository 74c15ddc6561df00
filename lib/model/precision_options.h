// Holds the choice of --precision, without torch. lib/model/precision.h carries it out.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/base/option_binder.h"

namespace reel3d {

struct PrecisionOptions {
  std::string precision = "float32";

  // Binds --precision.
  void Bind(OptionBinder& binder);
};

}  // namespace reel3d
