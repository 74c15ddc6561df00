// Which network a file's weights are of, found from the names and shapes of its tensors. Without
// torch. A family is a row of the table in weights_layout.cc: its name, and a function that knows
// its tensors.
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
  // What else can be told, as `key = value` lines of its options: depth, shortcut, width,
  // stem-frames, where the family has them; stem-channels where they do not follow from width. What
  // leaves no weights (--stem-stride, --max-pool) cannot.
  std::string settings;
  int64_t num_classes = 0;
  std::string head;  // the layer that makes logits, "fc": anew where the classes are others

  // "r3d --depth 18 --shortcut a --width 1 --stem-frames 7, 400 classes".
  std::string Describe() const;
  // All of it but the classes as settings: the family, then the others.
  std::string Config() const;
};

// Nothing if no family's tensors are like these.
std::optional<WeightsLayout> FindLayout(const std::vector<TensorHeader>& tensors);

}  // namespace reel3d
