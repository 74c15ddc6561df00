// The stage behind convert-weights: converts weights to another file format, bit for bit.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/cli/tool.h"

namespace reel3d {

struct ConvertWeightsOptions {
  std::string in;
  std::string out;
  std::string as = "state-dict";  // or "reference-checkpoint": the form of a .pth file
  // These leave no trace in the weights. 0 and "stored": as IN states, else as published.
  int stem_stride = 0;
  std::string max_pool = "stored";
  // TorchScript is recorded with a clip of this size. 0: as IN states, else as published.
  int clip_frames = 0;
  int size = 0;  // pixels, square
  bool overwrite = false;

  void Bind(OptionBinder& binder);
  // Throws a usage error unless OUT's name ends as one of the formats, and --as is one of its
  // forms.
  void Check() const;
};

// Writes OUT in the format that its name states. OUT is read back and compared before it appears.
// Throws an input error unless IN is a sound file of weights or a complete checkpoint.
ToolResult RunConversion(const ConvertWeightsOptions& options);

}  // namespace reel3d
