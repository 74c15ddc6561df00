// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/weights_use.h"

#include "lib/weights/family.h"

namespace reel3d {

void WeightsUse::Bind(OptionBinder& binder) {
  binder.Bind("classes", &classes,
              "file of class names for a file of weights, one per line, in the order of its "
              "outputs. Empty: the names in the weights; a checkpoint always has them");
  binder.Bind("preprocessing", &preprocessing,
              ("recipe for the clips and pixels of a file of weights: " + PublishedRecipes() +
               ", or a file. Empty: as the weights say; a checkpoint always does")
                  .c_str());
}

}  // namespace reel3d
