// The stage behind extract-features: writes the output or input of one layer of a network for the
// clips of a subset.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/cli/tool.h"
#include "lib/data/manifest.h"
#include "pipeline/support/compute_options.h"
#include "pipeline/support/network_source.h"
#include "pipeline/support/window_stride.h"

namespace reel3d {

struct ExtractFeaturesOptions {
  NetworkSource network;
  std::string shards_dir, out;
  Subset subset = Subset::kValidation;
  std::string layer;         // empty: the input of the last layer
  bool layer_input = false;  // true: the input of `layer`, not its output
  bool positions = false;
  bool per_video = false;
  WindowStride window_stride;
  double max_failed_fraction = 0.01;
  ComputeOptions compute{8};
  bool overwrite = false;

  void Bind(OptionBinder& binder);
  // Throws a usage error if `out` does not end in .h5 or .npy, or exists without `overwrite`, or if
  // `layer_input` is given without `layer`.
  void Check() const;
};

// Writes OUT (lib/eval/feature_file.h). Videos with damaged frames have no rows; the log names
// them. If their share is above `max_failed_fraction`, nothing is written and the status is 3.
// Throws a usage error that lists the layers if the network has no `layer`.
ToolResult RunExtraction(const ExtractFeaturesOptions& options);

}  // namespace reel3d
