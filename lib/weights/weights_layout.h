// Finds the network of a file's weights from the names and shapes of its tensors, without torch. A
// family recognises its own tensors: Family::find_layout (lib/weights/family.h).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/weights/weights_header.h"

namespace reel3d {

struct WeightsLayout {
  std::string family;  // --model of train-r3d: "r3d"
  // The other options that can be read from weights, as `key = value` lines: depth, shortcut, width
  // and stem-frames if the family has them, and stem-channels if it does not follow from width.
  // Options that leave no trace in weights (--stem-stride, --max-pool) are missing.
  std::string settings;
  int64_t num_classes = 0;
  std::string head;  // the layer that makes logits, "fc"; initialised again for other classes

  // Returns "r3d --depth 18 --shortcut a --width 1 --stem-frames 7, 400 classes".
  std::string Describe() const;
  // Returns family and settings as `key = value` lines, without the classes.
  std::string Config() const;
};

// Returns nothing if no family has such tensors.
std::optional<WeightsLayout> FindLayout(const std::vector<TensorHeader>& tensors);

}  // namespace reel3d
