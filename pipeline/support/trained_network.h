// Loads a network from a checkpoint or a file of weights, with all that is needed to use it: the
// form of its clips, and the meaning of its outputs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lib/model/network.h"
#include "lib/train/train_options.h"
#include "pipeline/support/weights_use.h"

namespace reel3d {

struct TrainedNetwork {
  TrainOptions options;  // the options of its training: clip shape, crop size, means
  std::vector<std::string> classes;
  std::string identity;  // "step-0000001234 89abcdef": checkpoint or file, CRC-32 of its weights
  Network network{nullptr};  // in evaluation mode, on `device`, in `precision`
};

// `checkpoint` is a step-... folder or a link to one, or a file of weights (.pth, .safetensors,
// ...) whose network is found from its tensors. Throws an input error unless it is complete and
// fits together. Throws a usage error if neither the file nor `use` says something that is needed,
// or if the file alone asks for clips that could take all memory (RequireModestClip).
TrainedNetwork LoadTrainedNetwork(const std::filesystem::path& checkpoint, const WeightsUse& use,
                                  at::Device device, const PrecisionOptions& precision);

// Appends the values of `rows`, of any type and on any device, to `all`. When it returns, nothing
// reads the inputs of `rows` any more.
void AppendRows(const at::Tensor& rows, std::vector<float>* all);

}  // namespace reel3d
