// SPDX-License-Identifier: Apache-2.0
#include "lib/train/loop/clip_loss.h"

#include <torch/types.h>

namespace reel3d {

at::Tensor ClipLosses(const at::Tensor& logits, const at::Tensor& labels, double label_smoothing) {
  constexpr int64_t kIgnoreNone =
      -100;  // torch's default; ignores nothing, since no label is below 0
  return at::cross_entropy_loss(logits, labels, /*weight=*/{}, at::Reduction::None, kIgnoreNone,
                                label_smoothing);
}

}  // namespace reel3d
