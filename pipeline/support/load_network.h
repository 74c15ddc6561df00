// Loads a network from a checkpoint or a file of weights, with all that is needed to use it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "lib/infer/trained_network.h"
#include "lib/model/precision_options.h"
#include "pipeline/support/network_source.h"

namespace reel3d {

// Recognises the network of a file of weights (.pth, .safetensors, ...) by its tensors. Throws an
// input error if a file of `source` is damaged or the parts of `source` do not fit together. Throws
// a usage error if neither the file nor `source` has the classes or the preprocessing, or if only
// the file asks for clips that could take all memory (RequireModestClip). `batch` is the number of
// clips that the network will compute at once: kernels of a GPU are tested with as many.
TrainedNetwork LoadTrainedNetwork(const NetworkSource& source, at::Device device,
                                  const PrecisionOptions& precision, int64_t batch);

}  // namespace reel3d
