// How the pixels of clips become the network's input.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <vector>

#include "lib/base/option_binder.h"

namespace reel3d {

// (pixel * range / 255 - mean) / std, by channel R, G, B.
struct ClipInputOptions {
  double pixel_range = 255;  // white; 255 or 1
  std::vector<double> mean{114.7748, 107.7354, 99.4750};
  std::vector<double> std{1, 1, 1};

  void Bind(OptionBinder& binder);
  void Check() const;
};

// uint8 (N, 3, T, H, W) on any device -> float32 of the same shape on `device`. The bytes travel,
// the arithmetic is done there.
at::Tensor ClipsToInput(const at::Tensor& pixels, const ClipInputOptions& options,
                        at::Device device);

}  // namespace reel3d
