// Lists what torch will do to compute gradients.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/csrc/autograd/function.h>
#include <torch/types.h>

#include <set>
#include <string>
#include <vector>

namespace reel3d::test {

// Returns the names of all steps of the backward pass from `values`.
inline std::set<std::string> StepsBehind(const at::Tensor& values) {
  std::set<std::string> names;
  std::set<const torch::autograd::Node*> seen;
  std::vector<const torch::autograd::Node*> open = {values.grad_fn().get()};
  while (!open.empty()) {
    const torch::autograd::Node* node = open.back();
    open.pop_back();
    if (!seen.insert(node).second) {
      continue;
    }
    names.insert(node->name());
    for (const torch::autograd::Edge& edge : node->next_edges()) {
      if (edge.is_valid()) {
        open.push_back(edge.function.get());
      }
    }
  }
  return names;
}

}  // namespace reel3d::test
