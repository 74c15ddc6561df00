// What the user says of a file of weights that it does not say itself.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/base/option_binder.h"

namespace reel3d {

struct WeightsUse {
  std::string classes;  // file of class names; empty: the weights say them
  std::string
      preprocessing;  // recipe, by name or file, of clips and pixels; empty: the weights say

  // --classes, --preprocessing.
  void Bind(OptionBinder& binder);
};

}  // namespace reel3d
