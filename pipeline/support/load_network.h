// Loads a network from a checkpoint or a file of weights, with all that is needed to use it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "lib/infer/trained_network.h"
#include "lib/model/precision_options.h"
#include "pipeline/support/weights_use.h"

namespace reel3d {

// `checkpoint` is a step-... folder or a link to one, or a file of weights (.pth, .safetensors,
// ...) whose network is found from its tensors. Throws an input error unless it is whole and fits
// together; a usage error if `use` does not say what the file leaves unsaid, or if the file alone
// asks for clips that could take all memory (RequireModestClip).
TrainedNetwork LoadTrainedNetwork(const std::filesystem::path& checkpoint, const WeightsUse& use,
                                  at::Device device, const PrecisionOptions& precision);

}  // namespace reel3d
