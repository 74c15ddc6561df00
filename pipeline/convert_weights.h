// The stage behind convert-weights: weights from one file format into another, bit for bit.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/cli/tool.h"

namespace reel3d {

struct ConvertWeightsOptions {
  std::string in;
  std::string out;
  // Of TorchScript, where IN is no checkpoint and so does not say: they leave no weights.
  int stem_stride = 1;
  bool max_pool = true;
  // Of the clip that TorchScript is recorded with; 0: as IN says, else as the family was published.
  int clip_frames = 0;
  int size = 0;  // pixels, square
  bool overwrite = false;

  void Bind(OptionBinder& binder);
  // Throws a usage error unless OUT's name ends as one of the formats.
  void Check() const;
};

// Writes OUT in the format that its name says; it is read back and compared before it appears.
// Throws an input error unless IN is a sound file of weights or a whole checkpoint.
ToolResult RunConversion(const ConvertWeightsOptions& options);

}  // namespace reel3d
