// Names the trained network that a tool uses: a checkpoint, or a file of weights together with the
// classes and the preprocessing, which the file may lack.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/base/option_binder.h"

namespace reel3d {

struct NetworkSource {
  std::string checkpoint;     // a step-... folder or a link to one, or a file of weights
  std::string classes;        // file of class names; empty: as stored in the weights
  std::string preprocessing;  // recipe of clips and pixels, name or file; empty: as stored

  // Binds the argument CHECKPOINT, --classes and --preprocessing.
  void Bind(OptionBinder& binder);
};

}  // namespace reel3d
