// SPDX-License-Identifier: Apache-2.0
#include "lib/infer/clip_input.h"

#include <ATen/Parallel.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/types.h>

#include <utility>
#include <vector>

#include "lib/base/error.h"

namespace reel3d {

void ClipInputOptions::Bind(OptionBinder& binder) {
  binder.Bind("pixel-range", &pixel_range, {1e-3, 1e6},
              "value of white before the mean is subtracted: 255, or 1");
  binder.Choice("channels", &channels, "the three channels of a clip");
  binder.Bind(
      "mean", &mean,
      "values subtracted from the channels, in the order of --channels, in units of --pixel-range");
  binder.Bind("std", &std, "values that then divide the channels, in the same order");
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

// Returns one value per channel in units of 0-255, so that a pixel range of 255 needs no
// multiplication.
at::Tensor OfChannels(const std::vector<double>& values, double pixel_range, at::Device device) {
  const double factor = 255 / pixel_range;
  return torch::tensor({values[0] * factor, values[1] * factor, values[2] * factor}, at::kFloat)
      .view({1, 3, 1, 1, 1})
      .to(device);
}

// The weights of a pixel's brightness: those of BT.601 in 256ths, rounded, so that a GPU gives the
// same byte.
constexpr int kRed = 77, kGreen = 150, kBlue = 29, kHalf = 128, kShift = 8;

}  // namespace

ClipInput::ClipInput(const ClipInputOptions& options, at::Device device)
    : device_(device),
      channels_(options.channels),
      mean_(OfChannels(options.mean, options.pixel_range, device)),
      std_(OfChannels(options.std, options.pixel_range, device)) {
  if (options.channels == ChannelOrder::kGrey && !device.is_cpu()) {
    grey_ = torch::tensor({kRed, kGreen, kBlue}, at::kInt).view({1, 3, 1, 1, 1}).to(device);
  }
  if (device.is_cpu()) {
    const at::Tensor bytes = at::arange(256, at::kFloat).view({1, 1, 1, 1, 256});
    values_ = bytes.sub(mean_).div_(std_).view({3, 256}).contiguous();
  }
}

// Writes the input in one pass over memory. Operators would take three passes, and convolutions one
// more to put the channels last.
at::Tensor ClipInput::OnCpu(const at::Tensor& pixels) const {
  at::Tensor input =
      at::empty(pixels.sizes(), at::TensorOptions(at::kFloat), at::MemoryFormat::ChannelsLast3d);
  const int64_t num_frames = pixels.size(2);
  const int64_t frame_pixels = pixels.size(3) * pixels.size(4);
  const int64_t channel_bytes = num_frames * frame_pixels;
  const bool bgr = channels_ == ChannelOrder::kBgr;
  const bool grey = channels_ == ChannelOrder::kGrey;
  const auto* bytes = pixels.const_data_ptr<uint8_t>();
  const auto* values = values_.const_data_ptr<float>();
  auto* numbers = input.mutable_data_ptr<float>();
  // The loop runs over all frames of all clips.
  at::parallel_for(0, pixels.size(0) * num_frames, 1, [&](int64_t begin, int64_t end) {
    std::vector<uint8_t> brightness(grey ? frame_pixels : 0);
    for (int64_t i = begin; i < end; ++i) {
      const uint8_t* red =
          bytes + i / num_frames * 3 * channel_bytes + i % num_frames * frame_pixels;
      const uint8_t* green = red + channel_bytes;
      const uint8_t* blue = green + channel_bytes;
      if (grey) {
        for (int64_t pixel = 0; pixel < frame_pixels; ++pixel) {
          const int sum = kRed * red[pixel] + kGreen * green[pixel] + kBlue * blue[pixel];
          brightness[pixel] = static_cast<uint8_t>((sum + kHalf) >> kShift);
        }
        red = green = blue = brightness.data();
      } else if (bgr) {
        std::swap(red, blue);
      }
      float* to = numbers + i * 3 * frame_pixels;
      for (int64_t pixel = 0; pixel < frame_pixels; ++pixel, to += 3) {
        to[0] = values[red[pixel]];
        to[1] = values[256 + green[pixel]];
        to[2] = values[512 + blue[pixel]];
      }
    }
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
    values = (bytes * grey_).sum(1, /*keepdim=*/true, at::kInt).add_(kHalf);
    values.bitwise_right_shift_(kShift);
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
