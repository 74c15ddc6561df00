// The stage behind convert-weights: converts weights to another file format, bit for bit.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lib/base/choices.h"
#include "lib/cli/tool.h"

namespace reel3d {

// Says which form a .pth file gets.
enum class PthForm { kStateDict, kReferenceCheckpoint };
inline std::vector<NamedChoice<PthForm>> ChoicesOf(PthForm /*type*/) {
  return {{PthForm::kStateDict, "state-dict", "the tensors alone"},
          {PthForm::kReferenceCheckpoint, "reference-checkpoint",
           "a dict of epoch, arch and state_dict, which main.py of the authors' Python loads "
           "(--pretrain_path); the arguments of main.py are printed"}};
}

// Says whether a pooling follows the first convolution.
enum class StemPooling { kStored, kTrue, kFalse };
inline std::vector<NamedChoice<StemPooling>> ChoicesOf(StemPooling /*type*/) {
  return {{StemPooling::kStored, "stored", "as a checkpoint states, else true"},
          {StemPooling::kTrue, "true", ""},
          {StemPooling::kFalse, "false", ""}};
}

struct ConvertWeightsOptions {
  std::string in;
  std::string out;
  PthForm as = PthForm::kStateDict;
  // The tensors of IN do not show the next two. 0 and kStored: as IN's settings state, else 1
  // and true.
  int stem_stride = 0;
  StemPooling max_pool = StemPooling::kStored;
  // TorchScript is recorded with a clip of this size. 0: as IN states, else as published.
  int clip_frames = 0;
  int size = 0;  // pixels, square
  bool overwrite = false;

  void Bind(OptionBinder& binder);
  // Throws a usage error if OUT does not end in .safetensors, .pth or .pt, or if `as` is
  // kReferenceCheckpoint and OUT does not end in .pth.
  void Check() const;
};

// Writes OUT in the format that its name states. OUT is read back and compared before it appears.
// Throws an input error if IN is neither an undamaged file of weights nor a complete checkpoint.
ToolResult RunConversion(const ConvertWeightsOptions& options);

}  // namespace reel3d
