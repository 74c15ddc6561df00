// How the pixels of clips become the network's input.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/core/Event.h>
#include <torch/types.h>

#include <optional>
#include <string>
#include <vector>

#include "lib/base/option_binder.h"

namespace reel3d {

// (pixel * range / 255 - mean) / std, by channel.
struct ClipInputOptions {
  double pixel_range = 255;      // white; 255 or 1
  std::string channels = "rgb";  // or bgr, of mean and std as well; or grey
  std::vector<double> mean{114.7748, 107.7354, 99.4750};
  std::vector<double> std{1, 1, 1};

  void Bind(OptionBinder& binder);
  void Check() const;
};

// Does that on one device: the bytes travel, the arithmetic is done there. On a GPU nothing
// here waits for it but EndCopies(). One thread.
class ClipInput {
 public:
  ClipInput(const ClipInputOptions& options, at::Device device);

  // uint8 (N, R G B, T, H, W), contiguous -> float32 of the same shape on the device, on the CPU in
  // channels-last order, as convolutions want it. The memory of `pixels`, if it is pinned, must
  // stay as it is until EndCopies().
  at::Tensor ToInput(const at::Tensor& pixels);
  // To the device.
  at::Tensor ToDevice(const at::Tensor& labels) const;
  // Returns when nothing reads the pixels given any more.
  void EndCopies();

 private:
  at::Tensor OnCpu(const at::Tensor& pixels) const;

  at::Device device_;
  std::string channels_;
  at::Tensor mean_, std_;             // on the device, in units of 0-255
  at::Tensor grey_;                   // a GPU's: what red, green and blue count for
  at::Tensor values_;                 // (3, 256) on the CPU: what each byte of a channel becomes
  std::optional<c10::Event> copied_;  // the last pixels; a GPU's
};

}  // namespace reel3d
