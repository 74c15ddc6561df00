// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/compute_options.h"

namespace reel3d {

void ComputeOptions::Bind(OptionBinder& binder) {
  binder.Choice("decoding", &decoding, "how JPEG frames are decoded");
  precision.Bind(binder);
  binder.Bind(
      "batch", &batch, {1, 100'000},
      "clips that the network computes at once; a larger batch takes more memory. A GPU takes "
      "this memory for fewer clips, too, because its kernels are tried for one number");
  binder.Bind("threads", &threads, {0, 1024}, "threads that compute and load clips. 0: all cores",
              Effect::kRunOnly);
  binder.Choice("device", &device, "where to compute", Effect::kRunOnly);
}

}  // namespace reel3d
