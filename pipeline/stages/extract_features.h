// The stage behind extract-features: what layers of a network make of the clips of a subset.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/cli/tool.h"
#include "lib/model/precision_options.h"
#include "pipeline/support/weights_use.h"

namespace reel3d {

struct ExtractFeaturesOptions {
  std::string checkpoint, shards_dir, out;
  WeightsUse weights;
  std::string subset = "validation";
  std::string layer;         // empty: the last one, and what goes into it
  bool layer_input = false;  // of `layer`
  bool positions = false;
  bool average = false;
  int window_stride = 0;  // frames; 0: the clip's length
  std::string decoding = "fast";
  double max_failed_fraction = 0.01;
  int batch = 8;
  int threads = 0;
  std::string device = "auto";
  PrecisionOptions precision;
  bool overwrite = false;

  void Bind(OptionBinder& binder);
  // Throws a usage error unless OUT's name ends as one of the formats and is free.
  void Check() const;
};

// Writes OUT (lib/eval/feature_file.h). Videos with damaged frames have no rows; they are counted
// and named on the log, and where they are more than the tolerance the status is 3. Throws a usage
// error that lists the layers if there is none of that name.
ToolResult RunExtraction(const ExtractFeaturesOptions& options);

}  // namespace reel3d
