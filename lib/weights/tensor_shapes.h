// Looks up the shapes of a file's tensors, and finds the --width that layers have. The files in
// lib/weights/families use this file to recognise their weights.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/weights/weights_header.h"
#include "lib/weights/weights_layout.h"

namespace reel3d {

class TensorShapes {
 public:
  explicit TensorShapes(const std::vector<TensorHeader>& tensors);

  bool Has(const std::string& name) const { return shapes_.count(name) > 0; }
  bool HasAxes(const std::string& name, size_t num_axes) const;
  // Returns the extent of an axis; 0 if there is no such tensor or axis.
  int64_t Extent(const std::string& name, size_t axis) const;
  // Return the number of outputs and inputs of a convolution, a linear layer or a batch norm.
  int64_t Outputs(const std::string& layer) const { return Extent(layer + ".weight", 0); }
  int64_t Inputs(const std::string& layer) const { return Extent(layer + ".weight", 1); }
  // Counts, in each of layer1 .. layer4, the blocks from block 0 on that have the layer `part`.
  std::array<int64_t, 4> CountBlocks(const std::string& part) const;

 private:
  std::map<std::string, std::vector<int64_t>> shapes_;
};

// A layer that has `channels` channels, and `base` channels at --width 1.
struct Scaled {
  int64_t base, channels;
};

// Returns a --width at which all layers have their channels (ScaledChannels); nothing if none does.
std::optional<double> FindWidth(const std::vector<Scaled>& layers);

// The first convolution of a network of the authors' Python.
struct Stem {
  int64_t channels, frames;
};

// Returns the options "width = 1\nstem-frames = 7\n". Adds "stem-channels = 128\n" if the stem's
// channels do not follow from the width. Returns nothing if no width gives the layers `scaled`.
std::optional<std::string> WidthAndStem(const Stem& stem, std::vector<Scaled> scaled);

// Returns the layout of a residual network of the authors' Python; nothing if no depth has such
// blocks, or no width gives the layers.
std::optional<WeightsLayout> ResidualLayout(const TensorShapes& tensors, const char* family,
                                            bool bottlenecks, const std::array<int64_t, 4>& blocks,
                                            const std::vector<Scaled>& scaled, const Stem& stem);

}  // namespace reel3d
