// SPDX-License-Identifier: Apache-2.0
#include "lib/train/clip_input.h"

#include <torch/torch.h>

#include "lib/base/error.h"

namespace reel3d {

void ClipInputOptions::Bind(OptionBinder& binder) {
  binder.Bind("pixel-range", &pixel_range, {1e-3, 1e6},
              "value of white before the mean is taken off: 255, or 1");
  binder.Bind("mean", &mean, "taken off each channel: R,G,B, in units of --pixel-range");
  binder.Bind("std", &std, "what each channel is then divided by: R,G,B");
}

void ClipInputOptions::Check() const {
  if (mean.size() != 3 || std.size() != 3) {
    throw UsageError("--mean and --std: three numbers each, for R, G and B");
  }
  for (const double value : std) {
    if (!(value > 0)) {
      throw UsageError("--std: must be above 0");
    }
  }
}

at::Tensor ClipsToInput(const at::Tensor& pixels, const ClipInputOptions& options,
                        at::Device device) {
  REEL3D_CHECK(pixels.dim() == 5 && pixels.size(1) == 3 && pixels.scalar_type() == at::kByte);
  const auto channel = [&](const std::vector<double>& values, double factor) {
    return torch::tensor({values[0] * factor, values[1] * factor, values[2] * factor}, at::kFloat)
        .view({1, 3, 1, 1, 1})
        .to(device);
  };
  const double scale = 255 / options.pixel_range;
  // In units of 0-255, so that a range of 255 multiplies by nothing.
  at::Tensor input = pixels.to(device, /*non_blocking=*/true).to(at::kFloat);
  input.sub_(channel(options.mean, scale));
  return input.div_(channel(options.std, scale));
}

}  // namespace reel3d
