// The stage behind extract-features: writes the outputs of a network's layers for the clips of a
// subset.
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
  // Throws a usage error unless OUT's name ends as one of the formats and is free.
  void Check() const;
};

// Writes OUT (lib/eval/feature_file.h). Videos with damaged frames have no rows; the log counts and
// names them. The status is 3 if they are more than the tolerance. Throws a usage error that lists
// the layers if there is none of that name.
ToolResult RunExtraction(const ExtractFeaturesOptions& options);

}  // namespace reel3d
