// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/network_source.h"

#include "lib/weights/family.h"

namespace reel3d {

void NetworkSource::Bind(OptionBinder& binder) {
  binder.Positional("CHECKPOINT", &checkpoint,
                    "folder step-... of train-r3d, or a link to one; or a file of weights (.pth, "
                    ".safetensors; FILE:ENTRY if it holds several)");
  binder.Bind("classes", &classes,
              "file of class names for a file of weights, one per line, in the order of its "
              "outputs. Empty: the names in the weights; a checkpoint always has them");
  binder.Bind("preprocessing", &preprocessing,
              ("recipe for the clips and pixels of a file of weights: " + PublishedRecipes() +
               ", or a file. Empty: as the weights say; a checkpoint always does")
                  .c_str());
}

}  // namespace reel3d
