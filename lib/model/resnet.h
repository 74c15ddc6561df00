// Makes residual networks: a stem, four layers of blocks, a mean over time and space, a linear
// layer. The families of this kind differ only in a plan: the convolutions, their shapes and names.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lib/model/conv_unit.h"
#include "lib/model/network.h"
#include "lib/weights/resnet_depths.h"

namespace reel3d {

struct ConvPlan {
  std::string convolution, batch_norm;  // names in the state dict, within the block or the network
  ConvolutionOptions shape;
};

struct ResNetPlan {
  std::vector<ConvPlan> stem;  // each with batch norm and ReLU
  bool max_pool = true;
  ShortcutType shortcut = ShortcutType::kB;
  bool cut_gradient = false;  // shortcuts of type "a" pass no gradients
  // True: batch norm and ReLU come before each convolution of a block (He et al. 2016b), not after.
  bool pre_activation = false;
  std::array<int64_t, 4> planes = {};  // channels of layer1 .. layer4, before expansion
  std::array<int64_t, 4> num_blocks = {};
  // Returns the convolutions of a block of `layer` (1 .. 4). The shortcut leads from the first
  // one's input to the last one's output, with the product of their strides.
  std::function<std::vector<ConvPlan>(int layer, int64_t in, int64_t planes, int64_t stride)> block;
};

// `layers` is one of kResNetDepths.
const ResNetDepth& DepthOf(int layers);

// Returns int(factor * options.width) for each of 64, 128, 256 and 512 times `base`.
std::array<int64_t, 4> PlanesOf(const NetworkOptions& options, int64_t base = 1);

std::shared_ptr<NetworkImpl> MakeResNet(const ResNetPlan& plan, int64_t num_classes);

}  // namespace reel3d
