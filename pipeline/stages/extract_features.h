// The stage behind extract-features: writes the outputs of a network's layers for the clips of a
// subset.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/cli/tool.h"
#include "lib/data/manifest.h"
#include "lib/dist/device_choice.h"
#include "lib/frames/frame_decoder.h"
#include "lib/model/precision_options.h"
#include "pipeline/support/weights_use.h"

namespace reel3d {

struct ExtractFeaturesOptions {
  std::string checkpoint, shards_dir, out;
  WeightsUse weights;
  Subset subset = Subset::kValidation;
  std::string layer;         // empty: the input of the last layer
  bool layer_input = false;  // true: the input of `layer`, not its output
  bool positions = false;
  bool average = false;
  int window_stride = 0;  // frames; 0: the clip's length
  Decoding decoding = Decoding::kFast;
  double max_failed_fraction = 0.01;
  int batch = 8;
  int threads = 0;
  DeviceChoice device = DeviceChoice::kAuto;
  PrecisionOptions precision;
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
