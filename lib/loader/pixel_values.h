// Turns the bytes of a clip into the numbers that a network sees, on the CPU.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "lib/base/option_binder.h"

namespace reel3d {

// Says what the three channels of a clip are.
enum class ChannelOrder { kRgb, kBgr, kGrey };
inline std::vector<NamedChoice<ChannelOrder>> ChoicesOf(ChannelOrder /*type*/) {
  return {{ChannelOrder::kRgb, "rgb", "its colours"},
          {ChannelOrder::kBgr, "bgr",
           "the colours in reverse order, for weights that were trained on OpenCV's pixels (C3D)"},
          {ChannelOrder::kGrey, "grey",
           "its brightness (BT.601) in each channel, if colours do not matter for the classes"}};
}

// The input is (pixel * pixel_range / 255 - mean) / std, per channel.
struct ClipInputOptions {
  double pixel_range = 255;                    // value of white: 255 or 1
  ChannelOrder channels = ChannelOrder::kRgb;  // also the order of mean and std
  std::vector<double> mean{114.7748, 107.7354, 99.4750};
  std::vector<double> std{1, 1, 1};

  void Bind(OptionBinder& binder);
  void Check() const;
};

// Holds the weights of red, green and blue in a pixel's brightness: those of BT.601, rounded to
// 256ths, so that the CPU and a GPU give the same byte.
struct GreyWeights {
  static constexpr int kRed = 77, kGreen = 150, kBlue = 29, kHalf = 128, kShift = 8;
};

class PixelValues {
 public:
  explicit PixelValues(const ClipInputOptions& options);

  // Turns frame `frame` (counted over all clips) of `pixels`, uint8 (N, R G B, T, pixels), into
  // float32 at its place in `numbers`, (N, T, pixels, 3): channels last, as convolutions on CPUs
  // need it. Every processor computes the same bits: float32(byte) - mean, divided by std. Any
  // thread.
  void ConvertFrame(const uint8_t* pixels, int64_t frame, int64_t num_frames, int64_t frame_pixels,
                    float* numbers) const;

 private:
  ChannelOrder channels_;
  std::array<float, 3> means_{}, deviations_{};  // in units of 0-255
};

}  // namespace reel3d
