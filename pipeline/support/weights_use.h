// Holds the user's statements about a file of weights that does not contain them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/base/option_binder.h"

namespace reel3d {

struct WeightsUse {
  std::string classes;  // file of class names; empty: the weights hold them
  std::string
      preprocessing;  // recipe, by name or file, of clips and pixels; empty: as the weights say

  // Binds --classes and --preprocessing.
  void Bind(OptionBinder& binder);
};

}  // namespace reel3d
