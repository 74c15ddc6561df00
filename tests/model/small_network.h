// Makes a small network of each family, and measures the relative error of its results.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <string>

#include "lib/model/network.h"
#include "tests/model/noise.h"

namespace reel3d::test {

// Returns options for five classes, without dropout, at a depth that the family has.
inline NetworkOptions SmallNetwork(const std::string& model, double width, ShortcutType shortcut) {
  NetworkOptions options;
  options.model = model;
  options.depth = model == "densenet" ? 121 : model == "wide" || model == "resnext" ? 50 : 18;
  options.width = model == "resnext" ? 0.5 : width;
  options.shortcut = shortcut;
  options.dropout = 0;
  options.num_classes = 5;
  return options;
}

// Returns a network in evaluation mode whose weights come from FillWithNoise().
inline Network MakeFilled(const NetworkOptions& options, at::ScalarType type = at::kFloat) {
  Network network = MakeNetwork(options, 3);
  network->to(type);
  FillWithNoise(*network);
  network->eval();
  return network;
}

// Returns the relative error of norms, computed on the CPU in the type of `exact`.
inline double RelativeError(const at::Tensor& value, const at::Tensor& exact) {
  const at::Tensor on_cpu = value.detach().to(at::kCPU, exact.scalar_type());
  return ((on_cpu - exact).norm() / exact.norm()).item<double>();
}

}  // namespace reel3d::test
