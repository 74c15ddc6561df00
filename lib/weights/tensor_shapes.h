// Looks up the shapes of a file's tensors, and finds the --width that layers have. The families'
// files use it to recognise their weights.
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
  // Counts the blocks of layer1 .. layer4 that have this part, from block 0 on.
  std::array<int64_t, 4> CountBlocks(const std::string& part) const;

 private:
  std::map<std::string, std::vector<int64_t>> shapes_;
};

// A layer that has `base` channels at --width 1.
struct Scaled {
  int64_t base, channels;
};

// Returns the --width that gives layers of these channels (ScaledChannels); nothing if none does.
std::optional<double> FindWidth(const std::vector<Scaled>& layers);

// The first convolution of a network of the authors' Python.
struct Stem {
  int64_t channels, frames;
};

// Returns "width = 1\nstem-frames = 7\n", and "stem-channels = 128\n" if --width does not give
// them; nothing if no width gives the layers behind the stem.
std::optional<std::string> WidthAndStem(const Stem& stem, std::vector<Scaled> scaled);

// Returns the layout of a residual network of the authors' Python; nothing if no depth has such
// blocks, or no width gives the layers.
std::optional<WeightsLayout> ResidualLayout(const TensorShapes& tensors, const char* family,
                                            bool bottlenecks, const std::array<int64_t, 4>& blocks,
                                            const std::vector<Scaled>& scaled, const Stem& stem);

}  // namespace reel3d
