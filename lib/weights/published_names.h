// Recognises published files that hold one of our networks under other names. It does without
// torch.
//
//   any:  module.conv1.weight, as DataParallel of Python names all tensors of its network;
//   I3D:  mixed_3b.branch_1.0.batch3d.weight, the other PyTorch form of DeepMind's weights
//         (github.com/hassony2/kinetics_i3d_pytorch);
//   C3D:  features.0.weight ... classifier.6.bias, as UCF-101's are passed around
//         (read in github.com/jfzhang95/pytorch-video-recognition);
//   DenseNet: features.conv0.weight, features.denseblock1.denselayer1.norm.1.weight, as in the
//         authors' code and weights of 2018.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "lib/weights/weights_header.h"

namespace reel3d {

// Gives the tensors of such a file our names. Leaves the tensors of any other file as they are.
void UseOurNames(std::vector<TensorHeader>* tensors);

}  // namespace reel3d
