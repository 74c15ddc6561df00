// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/weights_use.h"

namespace reel3d {

void WeightsUse::Bind(OptionBinder& binder) {
  binder.Bind("classes", &classes,
              "names of the classes that a file of weights knows, one a line, in the order of its "
              "outputs; a checkpoint knows them");
  binder.Bind("preprocessing", &preprocessing,
              "recipe (paper2017, cvpr2018, hara2020, torchvision, c3d, i3d, or a file) by which "
              "clips and pixels are "
              "made for a file of weights; a checkpoint knows them");
}

}  // namespace reel3d
