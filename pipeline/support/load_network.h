// Loads a network from a checkpoint or a file of weights, with all that is needed to use it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/infer/trained_network.h"
#include "lib/model/precision_options.h"
#include "pipeline/support/network_source.h"

namespace reel3d {

// The network of a file of weights (.pth, .safetensors, ...) is found from its tensors. Throws an
// input error unless `source` is complete and fits together; a usage error if it does not say what
// the file leaves unsaid, or if the file alone asks for clips that could take all memory
// (RequireModestClip).
TrainedNetwork LoadTrainedNetwork(const NetworkSource& source, at::Device device,
                                  const PrecisionOptions& precision);

}  // namespace reel3d
