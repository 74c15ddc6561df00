// Recognises published files that hold one of our networks under other names: a family's own other
// names (Family::other_names), and those of Python's DataParallel, which puts "module." before the
// names of all tensors. This file does not use torch.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "lib/weights/weights_header.h"

namespace reel3d {

// Gives the tensors of a recognised file our names. In any other file it only removes a prefix that
// all names share, such as `module.`.
void UseOurNames(std::vector<TensorHeader>* tensors);

}  // namespace reel3d
