// SPDX-License-Identifier: Apache-2.0
#include "lib/weights/weights_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "lib/weights/family.h"
#include "lib/weights/tensor_shapes.h"

namespace reel3d {

std::string WeightsLayout::Describe() const {
  std::string text = family;
  std::istringstream lines(settings);
  for (std::string line; std::getline(lines, line);) {
    const size_t equals = line.find(" = ");
    text += fmt::format(" --{} {}", line.substr(0, equals), line.substr(equals + 3));
  }
  return fmt::format("{}, {} classes", text, num_classes);
}

std::string WeightsLayout::Config() const {
  return fmt::format("model = {}\n{}", family, settings);
}

std::optional<WeightsLayout> FindLayout(const std::vector<TensorHeader>& headers) {
  // Numbers that families compute from extents must not overflow, and a header without values must
  // not make a network that takes all memory.
  constexpr int64_t kMostAlongAnAxis = 1 << 20;
  for (const TensorHeader& tensor : headers) {
    if (std::any_of(tensor.shape.begin(), tensor.shape.end(),
                    [](int64_t extent) { return extent < 1 || extent > kMostAlongAnAxis; })) {
      return std::nullopt;
    }
  }
  const TensorShapes tensors(headers);
  for (const Family& family : Families()) {
    if (std::optional<WeightsLayout> layout = family.find_layout(tensors)) {
      return layout;
    }
  }
  return std::nullopt;
}

}  // namespace reel3d
