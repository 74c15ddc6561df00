// Names the trained network that a tool uses: a checkpoint, or a file of weights with the user's
// statements about what the file does not contain.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/base/option_binder.h"

namespace reel3d {

struct NetworkSource {
  std::string checkpoint;  // a step-... folder or a link to one, or a file of weights
  std::string classes;     // file of class names; empty: the weights hold them
  std::string
      preprocessing;  // recipe, by name or file, of clips and pixels; empty: as the weights say

  // Binds the argument CHECKPOINT, --classes and --preprocessing.
  void Bind(OptionBinder& binder);
};

}  // namespace reel3d
