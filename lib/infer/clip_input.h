// Turns the pixels of clips into the network's input.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/core/Event.h>
#include <torch/types.h>

#include <optional>

#include "lib/loader/pixel_values.h"

namespace reel3d {

// Copies the bytes to one device and computes the input on that device. Only EndCopies() waits for
// a GPU. Use this class from one thread.
class ClipInput {
 public:
  ClipInput(const ClipInputOptions& options, at::Device device);

  // Turns uint8 (N, R G B, T, H, W), contiguous, into float32 of the same shape on the device. On
  // the CPU the result is in channels-last order, as convolutions need it. If the memory of
  // `pixels` is pinned, it must not change until EndCopies().
  at::Tensor ToInput(const at::Tensor& pixels);
  // Copies `labels` to the device.
  at::Tensor ToDevice(const at::Tensor& labels) const;
  // Waits until no copy reads the pixels of the last ToInput() any more.
  void EndCopies();

 private:
  at::Tensor OnCpu(const at::Tensor& pixels) const;

  at::Device device_;
  ChannelOrder channels_;
  at::Tensor mean_, std_;             // on the device, in units of 0-255
  at::Tensor grey_;                   // on a GPU: the weights of red, green and blue
  PixelValues values_;                // for the CPU
  std::optional<c10::Event> copied_;  // on a GPU: the last copy of pixels
};

}  // namespace reel3d
