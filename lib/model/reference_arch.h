// Finds the name that the authors' Python (github.com/kenshohara/3D-ResNets-PyTorch) gives to one
// of our networks, for checkpoints that its main.py is to load.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/model/network.h"

namespace reel3d {

struct ReferenceArch {
  std::string name;       // "resnet-18": the entry `arch` of a checkpoint, which main.py compares
  std::string branch;     // the branch whose main.py has this network: "master" or "CVPR2018"
  std::string arguments;  // "--model resnet --model_depth 18 --resnet_shortcut A", for main.py
};

// Throws a usage error on a network that neither branch can make.
ReferenceArch ReferenceArchOf(const NetworkOptions& options);

}  // namespace reel3d
