// SPDX-License-Identifier: Apache-2.0
#include "lib/train/finetune_options.h"

#include "lib/base/error.h"

namespace reel3d {

void FinetuneOptions::Bind(OptionBinder& binder) {
  binder.Bind("finetune", &file,
              "weights to begin with instead of drawn ones (.pth, .safetensors, a checkpoint "
              "folder; FILE:ENTRY where a file holds several); the last layer is drawn anew for "
              "the classes of SHARDS_DIR");
  binder.Bind("finetune-from", &from,
              "first layer that learns (such as layer4): what comes before it keeps the weights of "
              "--finetune; empty: all layers learn");
  binder.Bind("finetune-lr-factor", &lr_factor, {0, 1000},
              "learning rate of the layers from --finetune, as a multiple of --lr, which the new "
              "last layer has");
  binder.Choice("finetune-bn", &bn, {"moving", "fixed"},
                "running statistics of batch norm before --finetune-from: moving on with the new "
                "clips, and each batch normalised by its own, as in the reference; or fixed, as "
                "the file has them");
}

void FinetuneOptions::Check() const {
  if (file.empty() && (!from.empty() || lr_factor != 1 || bn != "moving")) {
    throw UsageError(
        "--finetune-from, --finetune-lr-factor and --finetune-bn want --finetune FILE");
  }
}

}  // namespace reel3d
