// Defines the options of fine-tuning.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/base/option_binder.h"

namespace reel3d {

struct FinetuneOptions {
  std::string file;           // weights to begin with; empty: from scratch
  std::string from;           // first layer that learns; empty: all do
  double lr_factor = 1;       // of the pretrained layers
  std::string bn = "moving";  // running statistics of frozen layers: moving, or fixed

  // Binds --finetune, --finetune-from, --finetune-lr-factor, --finetune-bn.
  void Bind(OptionBinder& binder);
  void Check() const;
};

}  // namespace reel3d
