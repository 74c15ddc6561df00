// SPDX-License-Identifier: Apache-2.0
#include "lib/loader/pixel_values.h"

#include <utility>

#include "lib/base/error.h"

namespace reel3d {

void ClipInputOptions::Bind(OptionBinder& binder) {
  binder.Bind("pixel-range", &pixel_range, {1e-3, 1e6},
              "value of a white pixel before the mean is subtracted: 255, or 1");
  binder.Choice("channels", &channels, "the three channels of a clip");
  binder.Bind(
      "mean", &mean,
      "values subtracted from the channels, in the order of --channels, in units of --pixel-range");
  binder.Bind("std", &std,
              "values that divide the channels after --mean is subtracted, in the same order and "
              "units as --mean");
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

PixelValues::PixelValues(const ClipInputOptions& options) : channels_(options.channels) {
  // Mean and deviation are in units of 0-255, so that a pixel range of 255 needs no multiplication.
  const double factor = 255 / options.pixel_range;
  for (size_t channel = 0; channel < 3; ++channel) {
    const auto mean = static_cast<float>(options.mean[channel] * factor);
    const auto deviation = static_cast<float>(options.std[channel] * factor);
    for (size_t byte = 0; byte < 256; ++byte) {
      values_[channel][byte] = (static_cast<float>(byte) - mean) / deviation;
    }
  }
}

// Writes in one pass over memory. Torch's operators would take three passes, and convolutions one
// more to put the channels last.
void PixelValues::ConvertFrame(const uint8_t* pixels, int64_t frame, int64_t num_frames,
                               int64_t frame_pixels, float* numbers) const {
  const int64_t channel_bytes = num_frames * frame_pixels;
  const uint8_t* red =
      pixels + frame / num_frames * 3 * channel_bytes + frame % num_frames * frame_pixels;
  const uint8_t* green = red + channel_bytes;
  const uint8_t* blue = green + channel_bytes;
  float* to = numbers + frame * 3 * frame_pixels;
  if (channels_ == ChannelOrder::kGrey) {
    for (int64_t pixel = 0; pixel < frame_pixels; ++pixel, to += 3) {
      const int sum = GreyWeights::kRed * red[pixel] + GreyWeights::kGreen * green[pixel] +
                      GreyWeights::kBlue * blue[pixel];
      const auto grey = static_cast<size_t>((sum + GreyWeights::kHalf) >> GreyWeights::kShift);
      to[0] = values_[0][grey];
      to[1] = values_[1][grey];
      to[2] = values_[2][grey];
    }
    return;
  }
  if (channels_ == ChannelOrder::kBgr) {
    std::swap(red, blue);
  }
  for (int64_t pixel = 0; pixel < frame_pixels; ++pixel, to += 3) {
    to[0] = values_[0][red[pixel]];
    to[1] = values_[1][green[pixel]];
    to[2] = values_[2][blue[pixel]];
  }
}

}  // namespace reel3d
