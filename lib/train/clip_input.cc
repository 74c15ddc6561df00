// SPDX-License-Identifier: Apache-2.0
#include "lib/train/clip_input.h"

#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/torch.h>

#include "lib/base/error.h"

namespace reel3d {

void ClipInputOptions::Bind(OptionBinder& binder) {
  binder.Bind("pixel-range", &pixel_range, {1e-3, 1e6},
              "value of white before the mean is taken off: 255, or 1");
  binder.Choice(
      "channel-order", &channel_order, {"rgb", "bgr"},
      "which colour is a clip's first channel, and the first of --mean and --std: bgr for "
      "weights that were trained on OpenCV's pixels (C3D's)");
  binder.Bind("mean", &mean,
              "taken off each channel: in the order of --channel-order, in units of --pixel-range");
  binder.Bind("std", &std, "what each channel is then divided by, in the same order");
}

void ClipInputOptions::Check() const {
  if (mean.size() != 3 || std.size() != 3) {
    throw UsageError("--mean and --std: three numbers each, one a channel");
  }
  for (const double value : std) {
    if (!(value > 0)) {
      throw UsageError("--std: must be above 0");
    }
  }
}

namespace {

// In units of 0-255, so that a range of 255 multiplies by nothing.
at::Tensor OfChannels(const std::vector<double>& values, double pixel_range, at::Device device) {
  const double factor = 255 / pixel_range;
  return torch::tensor({values[0] * factor, values[1] * factor, values[2] * factor}, at::kFloat)
      .view({1, 3, 1, 1, 1})
      .to(device);
}

}  // namespace

ClipInput::ClipInput(const ClipInputOptions& options, at::Device device)
    : device_(device),
      bgr_(options.channel_order == "bgr"),
      mean_(OfChannels(options.mean, options.pixel_range, device)),
      std_(OfChannels(options.std, options.pixel_range, device)) {}

at::Tensor ClipInput::ToInput(const at::Tensor& pixels) {
  REEL3D_CHECK(pixels.dim() == 5 && pixels.size(1) == 3 && pixels.scalar_type() == at::kByte);
  const at::Tensor bytes = pixels.to(device_, /*non_blocking=*/true);
  if (!device_.is_cpu()) {
    copied_.emplace(device_.type());
    copied_->record(c10::impl::VirtualGuardImpl(device_.type()).getStream(device_));
  }
  return (bgr_ ? bytes.flip(1) : bytes).to(at::kFloat).sub_(mean_).div_(std_);
}

at::Tensor ClipInput::ToDevice(const at::Tensor& labels) const {
  return labels.to(device_, /*non_blocking=*/true);
}

void ClipInput::EndCopies() {
  if (copied_) {
    copied_->synchronize();
    copied_.reset();
  }
}

}  // namespace reel3d
