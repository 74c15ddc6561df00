// SPDX-License-Identifier: Apache-2.0
#include "lib/train/finetune_options.h"

#include "lib/base/error.h"

namespace reel3d {

void FinetuneOptions::Bind(OptionBinder& binder) {
  binder.Bind("finetune", &file,
              "weights to start from (.pth, .safetensors, a checkpoint folder; FILE:ENTRY if a "
              "file holds several). The last layer is drawn at random for the classes of "
              "SHARDS_DIR. Empty: all weights are random");
  binder.Bind("finetune-from", &from,
              "first layer that learns (such as layer4); the layers before it keep the weights of "
              "--finetune. Empty: all layers learn");
  binder.Bind(
      "finetune-lr-factor", &lr_factor, {0, 1000},
      "learning rate of the layers that --finetune loads, as a multiple of --lr; the new last "
      "layer uses --lr itself. 0: the loaded weights do not change");
  binder.Choice("finetune-bn", &bn,
                "running statistics of batch norm in the frozen layers before --finetune-from");
}

void FinetuneOptions::Check() const {
  if (file.empty() && (!from.empty() || lr_factor != 1 || bn != FrozenStatistics::kMoving)) {
    throw UsageError(
        "--finetune-from, --finetune-lr-factor and --finetune-bn want --finetune FILE");
  }
}

}  // namespace reel3d
