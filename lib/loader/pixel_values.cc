// SPDX-License-Identifier: Apache-2.0
#include "lib/loader/pixel_values.h"

#include <algorithm>
#include <utility>

#include "lib/base/error.h"

// This file is compiled once for each set of vector instructions (hwy/foreach_target.h).
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lib/loader/pixel_values.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace reel3d::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
constexpr int64_t kFloats = hn::MaxLanes(Floats());
// Bytes of this many pixels stay in the first cache between two passes.
constexpr int64_t kBlockPixels = 1024;

// Writes the brightness of each pixel.
HWY_INLINE void MakeGrey(const uint8_t* red, const uint8_t* green, const uint8_t* blue,
                         int64_t num_pixels, uint8_t* grey) {
  const hn::ScalableTag<uint16_t> d;
  const hn::Rebind<uint8_t, decltype(d)> bytes;
  const hn::RebindToSigned<decltype(d)> as_signed;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto weighted = [=](const uint8_t* channel, int weight) HWY_ATTR {
    return hn::Mul(hn::PromoteTo(d, hn::LoadU(bytes, channel)),
                   hn::Set(d, static_cast<uint16_t>(weight)));
  };
  int64_t pixel = 0;
  for (; pixel + lanes <= num_pixels; pixel += lanes) {
    auto sum = hn::Add(weighted(red + pixel, GreyWeights::kRed),
                       weighted(green + pixel, GreyWeights::kGreen));
    sum = hn::Add(sum, weighted(blue + pixel, GreyWeights::kBlue));
    sum = hn::Add(sum, hn::Set(d, uint16_t{GreyWeights::kHalf}));
    const auto value = hn::BitCast(as_signed, hn::ShiftRight<GreyWeights::kShift>(sum));
    hn::StoreU(hn::DemoteTo(bytes, value), bytes, grey + pixel);
  }
  for (; pixel < num_pixels; ++pixel) {
    const int sum = GreyWeights::kRed * red[pixel] + GreyWeights::kGreen * green[pixel] +
                    GreyWeights::kBlue * blue[pixel];
    grey[pixel] = static_cast<uint8_t>((sum + GreyWeights::kHalf) >> GreyWeights::kShift);
  }
}

// Writes the bytes of the first, second and third channel by turns.
HWY_INLINE void Interleave(const uint8_t* const (&channels)[3], int64_t num_pixels, uint8_t* out) {
  const hn::ScalableTag<uint8_t> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t pixel = 0;
  for (; pixel + lanes <= num_pixels; pixel += lanes) {
    hn::StoreInterleaved3(hn::LoadU(d, channels[0] + pixel), hn::LoadU(d, channels[1] + pixel),
                          hn::LoadU(d, channels[2] + pixel), d, out + 3 * pixel);
  }
  for (; pixel < num_pixels; ++pixel) {
    for (int64_t channel = 0; channel < 3; ++channel) {
      out[3 * pixel + channel] = channels[channel][pixel];
    }
  }
}

// Holds the mean and the deviation for each lane of three vectors, which begin with any channel.
struct Factors {
  HWY_ALIGN float means[3 * kFloats];
  HWY_ALIGN float deviations[3 * kFloats];
};

// Writes (byte - mean) / deviation for bytes of the three channels by turns.
template <bool kDivides>
HWY_INLINE void Normalise(const uint8_t* bytes, int64_t num_pixels, const Factors& factors,
                          float* out) {
  const Floats d;
  const hn::Rebind<uint8_t, Floats> narrow;
  const hn::RebindToSigned<Floats> whole;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto one = [=](int64_t vector, const uint8_t* from, float* to) HWY_ATTR {
    const auto value = hn::ConvertTo(d, hn::PromoteTo(whole, hn::LoadU(narrow, from)));
    auto result = hn::Sub(value, hn::Load(d, factors.means + vector * lanes));
    if (kDivides) {
      result = hn::Div(result, hn::Load(d, factors.deviations + vector * lanes));
    }
    hn::StoreU(result, d, to);
  };
  int64_t pixel = 0;
  for (; pixel + lanes <= num_pixels; pixel += lanes) {  // as many pixels as lanes: three vectors
    for (int64_t vector = 0; vector < 3; ++vector) {
      one(vector, bytes + 3 * pixel + vector * lanes, out + 3 * pixel + vector * lanes);
    }
  }
  for (int64_t i = 3 * pixel; i < 3 * num_pixels; ++i) {
    out[i] = (static_cast<float>(bytes[i]) - factors.means[i % 3]) / factors.deviations[i % 3];
  }
}

// Converts the pixels of one frame. `is_grey`: the channels are red, green and blue, and their
// brightness takes the place of each.
void ConvertPixels(const uint8_t* const (&channels)[3], bool is_grey, int64_t num_pixels,
                   const float* means, const float* deviations, float* out) {
  Factors factors;
  for (int64_t i = 0; i < 3 * kFloats; ++i) {
    factors.means[i] = means[i % 3];
    factors.deviations[i] = deviations[i % 3];
  }
  const bool divides =
      std::any_of(deviations, deviations + 3, [](float value) { return value != 1; });
  HWY_ALIGN uint8_t bytes[3 * kBlockPixels];
  HWY_ALIGN uint8_t grey[kBlockPixels];
  for (int64_t begin = 0; begin < num_pixels; begin += kBlockPixels) {
    const int64_t count = std::min(kBlockPixels, num_pixels - begin);
    const uint8_t* block[3] = {channels[0] + begin, channels[1] + begin, channels[2] + begin};
    if (is_grey) {
      MakeGrey(block[0], block[1], block[2], count, grey);
      std::fill_n(block, 3, grey);
    }
    Interleave(block, count, bytes);
    if (divides) {
      Normalise<true>(bytes, count, factors, out + 3 * begin);
    } else {
      Normalise<false>(bytes, count, factors, out + 3 * begin);
    }
  }
}

}  // namespace reel3d::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace reel3d {

HWY_EXPORT(ConvertPixels);

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
    means_[channel] = static_cast<float>(options.mean[channel] * factor);
    deviations_[channel] = static_cast<float>(options.std[channel] * factor);
  }
}

void PixelValues::ConvertFrame(const uint8_t* pixels, int64_t frame, int64_t num_frames,
                               int64_t frame_pixels, float* numbers) const {
  const int64_t channel_bytes = num_frames * frame_pixels;
  const uint8_t* red =
      pixels + frame / num_frames * 3 * channel_bytes + frame % num_frames * frame_pixels;
  const uint8_t* channels[3] = {red, red + channel_bytes, red + 2 * channel_bytes};
  if (channels_ == ChannelOrder::kBgr) {
    std::swap(channels[0], channels[2]);
  }
  HWY_DYNAMIC_DISPATCH(ConvertPixels)
  (channels, channels_ == ChannelOrder::kGrey, frame_pixels, means_.data(), deviations_.data(),
   numbers + frame * 3 * frame_pixels);
}

}  // namespace reel3d
#endif
