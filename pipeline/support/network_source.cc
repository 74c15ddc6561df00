// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/network_source.h"

#include "lib/weights/family.h"

namespace reel3d {

void NetworkSource::Bind(OptionBinder& binder) {
  binder.Positional(
      "CHECKPOINT", &checkpoint,
      "trained network: a folder step-... that train-r3d wrote, a link to such a folder, or a file "
      "of weights (.pth, .safetensors; FILE:ENTRY if the file holds several networks)");
  binder.Bind(
      "classes", &classes,
      "file of class names for a file of weights, one per line, in the order of the network's "
      "outputs. A checkpoint folder has its own. Empty: the names stored in the weights");
  binder.Bind("preprocessing", &preprocessing,
              ("recipe for the clips and pixels of a file of weights: " + PublishedRecipes() +
               ", or a file of settings. A checkpoint folder has its own. Empty: the settings "
               "stored in the weights")
                  .c_str());
}

}  // namespace reel3d
