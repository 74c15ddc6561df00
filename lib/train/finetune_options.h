// Defines the options of fine-tuning.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lib/base/option_binder.h"

namespace reel3d {

// Says what becomes of the running statistics of batch norm in layers that do not learn.
enum class FrozenStatistics { kMoving, kFixed };
inline std::vector<NamedChoice<FrozenStatistics>> ChoicesOf(FrozenStatistics /*type*/) {
  return {
      {FrozenStatistics::kMoving, "moving",
       "they follow the new clips, and each batch is normalised by its own statistics, as in the "
       "authors' code"},
      {FrozenStatistics::kFixed, "fixed",
       "those of the --finetune file are used and do not change"}};
}

struct FinetuneOptions {
  std::string file;      // weights to begin with; empty: from scratch
  std::string from;      // first layer that learns; empty: all layers learn
  double lr_factor = 1;  // learning rate of the pretrained layers, as a multiple of --lr
  FrozenStatistics bn = FrozenStatistics::kMoving;

  // Binds --finetune, --finetune-from, --finetune-lr-factor, --finetune-bn.
  void Bind(OptionBinder& binder);
  void Check() const;
};

}  // namespace reel3d
