// Turns the pixels of clips into the network's input.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/core/Event.h>
#include <torch/types.h>

#include <optional>
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
           "three times its brightness (BT.601), if colours say nothing about the classes"}};
}

// The input is (pixel * pixel_range / 255 - mean) / std, per channel.
struct ClipInputOptions {
  double pixel_range = 255;                    // value of white: 255 or 1
  ChannelOrder channels = ChannelOrder::kRgb;  // which also orders mean and std
  std::vector<double> mean{114.7748, 107.7354, 99.4750};
  std::vector<double> std{1, 1, 1};

  void Bind(OptionBinder& binder);
  void Check() const;
};

// Prepares the input on one device: the bytes are copied there and computed on there. With a GPU,
// only EndCopies() waits for it. Use it from one thread.
class ClipInput {
 public:
  ClipInput(const ClipInputOptions& options, at::Device device);

  // Turns uint8 (N, R G B, T, H, W), contiguous, into float32 of the same shape on the device. On
  // the CPU the result is in channels-last order, as convolutions need it. If the memory of
  // `pixels` is pinned, it must not change until EndCopies().
  at::Tensor ToInput(const at::Tensor& pixels);
  // Copies `labels` to the device.
  at::Tensor ToDevice(const at::Tensor& labels) const;
  // Returns when no copy reads the given pixels any more.
  void EndCopies();

 private:
  at::Tensor OnCpu(const at::Tensor& pixels) const;

  at::Device device_;
  ChannelOrder channels_;
  at::Tensor mean_, std_;             // on the device, in units of 0-255
  at::Tensor grey_;                   // on a GPU: the weights of red, green and blue
  at::Tensor values_;                 // (3, 256) on the CPU: the input for each byte of a channel
  std::optional<c10::Event> copied_;  // on a GPU: the last copy of pixels
};

}  // namespace reel3d
