// Finds the networks in a file of weights, without torch. A network may have prefixes before all
// names (`module.` of DataParallel, `_orig_mod.` of torch.compile, `model.` of Lightning, in any
// order). Beside it may be a second network under another prefix, a profiler's counters, or the
// weights of a loss.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "lib/weights/weights_header.h"

namespace reel3d {

struct WrappedNetwork {
  std::string prefix;           // before the names of all its tensors: "module._orig_mod."
  std::vector<size_t> tensors;  // indices of its layers' tensors, in the file's order; not empty
};

// Returns the networks among `tensors` that reel3d knows: first the one without a prefix, then the
// others in their order. Tensors that belong to no layer are in no network. Tensors of layers have
// names that end in `weight`, `bias`, `running_mean`, `running_var` or `num_batches_tracked`, and
// that are not those of a loss.
std::vector<WrappedNetwork> FindNetworks(const std::vector<TensorHeader>& tensors);

// Returns the tensors of `network` under our names (published_names.h), in the file's order.
std::vector<TensorHeader> Unwrap(const std::vector<TensorHeader>& tensors,
                                 const WrappedNetwork& network);

}  // namespace reel3d
