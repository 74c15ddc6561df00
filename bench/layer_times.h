// Measures where the time of a training step goes, layer by layer, and how close each layer comes
// to what the machine can do.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "lib/model/network.h"

namespace reel3d::bench {

// Layers of the same shape are one row. A pass is measured from the end of one layer to the end of
// the next, so the times contain ReLUs and additions, and add up to the complete pass.
struct LayerTime {
  std::string name;             // of the first such layer, in the state dict; empty for poolings
  std::string kind;             // as LayerCall has it
  std::vector<int64_t> output;  // without the clips' axis
  int count = 0;
  double flop = 0;   // of a forward pass over all clips, in all `count` layers; two a multiply-add
  double bytes = 0;  // of inputs, weights and outputs, each once, in the same pass
  double forward_s = 0, backward_s = 0;  // of all `count` layers; medians of the steps
};

struct MachinePeaks {
  double flop_per_s = 0;   // of a large product of matrices
  double bytes_per_s = 0;  // of a large copy, read and written
};

// Takes clips (N, 3, T, H, W) and labels (N) on the network's device. The network must be in
// training mode. The optimizer's work is not measured.
std::vector<LayerTime> TimeLayers(Network& network, const at::Tensor& clips,
                                  const at::Tensor& labels, int steps);

// Measures the peaks of `device` in `type`, in a second or two.
MachinePeaks MeasurePeaks(at::Device device, at::ScalarType type);

// Returns a table for people.
std::string FormatLayerTimes(const std::vector<LayerTime>& layers, const MachinePeaks& peaks,
                             int64_t num_clips);

}  // namespace reel3d::bench
