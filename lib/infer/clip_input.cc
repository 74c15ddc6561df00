// SPDX-License-Identifier: Apache-2.0
#include "lib/infer/clip_input.h"

#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/types.h>

#include <utility>
#include <vector>

#include "lib/base/error.h"
#include "lib/model/parallel.h"

namespace reel3d {

namespace {

// Returns one value per channel in units of 0-255, so that a pixel range of 255 needs no
// multiplication.
at::Tensor OfChannels(const std::vector<double>& values, double pixel_range, at::Device device) {
  const double factor = 255 / pixel_range;
  return torch::tensor({values[0] * factor, values[1] * factor, values[2] * factor}, at::kFloat)
      .view({1, 3, 1, 1, 1})
      .to(device);
}

}  // namespace

ClipInput::ClipInput(const ClipInputOptions& options, at::Device device)
    : device_(device),
      channels_(options.channels),
      mean_(OfChannels(options.mean, options.pixel_range, device)),
      std_(OfChannels(options.std, options.pixel_range, device)),
      values_(options) {
  if (options.channels == ChannelOrder::kGrey && !device.is_cpu()) {
    grey_ = torch::tensor({GreyWeights::kRed, GreyWeights::kGreen, GreyWeights::kBlue}, at::kInt)
                .view({1, 3, 1, 1, 1})
                .to(device);
  }
}

// Writes the input in one pass over memory: blocks of bytes stay in the cache. Torch's operators
// would take three passes, and convolutions one more to put the channels last.
at::Tensor ClipInput::OnCpu(const at::Tensor& pixels) const {
  at::Tensor input =
      at::empty(pixels.sizes(), at::TensorOptions(at::kFloat), at::MemoryFormat::ChannelsLast3d);
  const int64_t num_frames = pixels.size(2);
  const int64_t frame_pixels = pixels.size(3) * pixels.size(4);
  const auto* bytes = pixels.const_data_ptr<uint8_t>();
  auto* numbers = input.mutable_data_ptr<float>();
  RunParallel(pixels.size(0) * num_frames, [&](int64_t frame) {
    values_.ConvertFrame(bytes, frame, num_frames, frame_pixels, numbers);
  });
  return input;
}

at::Tensor ClipInput::ToInput(const at::Tensor& pixels) {
  REEL3D_CHECK(pixels.dim() == 5 && pixels.size(1) == 3 && pixels.scalar_type() == at::kByte);
  REEL3D_CHECK(pixels.device().is_cpu() && pixels.is_contiguous());
  if (device_.is_cpu()) {
    return OnCpu(pixels);
  }
  const at::Tensor bytes = pixels.to(device_, /*non_blocking=*/true);
  copied_.emplace(device_.type());
  copied_->record(c10::impl::VirtualGuardImpl(device_.type()).getStream(device_));
  at::Tensor values = bytes;
  if (channels_ == ChannelOrder::kGrey) {
    values = (bytes * grey_).sum(1, /*keepdim=*/true, at::kInt).add_(GreyWeights::kHalf);
    values.bitwise_right_shift_(GreyWeights::kShift);
  } else if (channels_ == ChannelOrder::kBgr) {
    values = bytes.flip(1);
  }
  return values.to(at::kFloat).sub(mean_).div_(std_);
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
