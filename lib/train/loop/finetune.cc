// SPDX-License-Identifier: Apache-2.0
#include "lib/train/loop/finetune.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/nn/module.h>

#include <algorithm>
#include <vector>

#include "lib/base/error.h"
#include "lib/model/weights.h"
#include "lib/model/weights_file.h"
#include "lib/train/checkpoint/checkpoint_folder.h"
#include "lib/weights/weights_header.h"

namespace reel3d {
namespace {

// Returns true if a parameter belongs to a layer or to a module within it.
bool IsOf(const std::string& layer, const std::string& parameter) {
  return parameter.compare(0, layer.size() + 1, layer + ".") == 0;
}

std::string LayersOf(const torch::nn::Module& network) {
  std::vector<std::string> names;
  for (const auto& child : network.named_children()) {
    names.push_back(child.key());
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

std::string HeadOf(const torch::nn::Module& network) {
  const std::string last = network.named_parameters().back().key();
  return last.substr(0, last.rfind('.'));
}

std::filesystem::path PretrainedFile(const FinetuneOptions& options) {
  const std::filesystem::path named = options.file;
  return std::filesystem::is_directory(named) ? named / CheckpointFiles::kModel : named;
}

std::string LoadPretrained(torch::nn::Module& network, const std::filesystem::path& file) {
  const std::string head = HeadOf(network);
  NamedTensors taken;
  int64_t old_classes = 0;
  for (const auto& [name, tensor] : LoadWeights(file)) {
    if (IsOf(head, name)) {
      old_classes = tensor.dim() > 0 ? tensor.size(0) : 0;
    } else {
      taken.emplace_back(name, tensor);
    }
  }
  const size_t num_taken = taken.size();
  const std::string wrapper = ReadWeightsHeader(file).wrapper;
  int64_t new_classes = 0;
  for (const auto& [name, tensor] : StateDict(network)) {
    if (IsOf(head, name)) {
      taken.emplace_back(name, tensor);
      new_classes = tensor.size(0);
    }
  }
  LoadStateDict(network, taken, file.string());
  return fmt::format(
      "fine-tuning {}: {} tensors taken, {} drawn anew for {} classes (the file has {}){}{}",
      file.string(), num_taken, head, new_classes, old_classes, wrapper.empty() ? "" : "; ",
      wrapper);
}

int64_t FreezeBefore(torch::nn::Module& network, const std::string& layer) {
  std::vector<at::Tensor> before;
  bool found = false;
  for (const auto& parameter : network.named_parameters()) {
    found = found || IsOf(layer, parameter.key());
    if (!found) {
      before.push_back(parameter.value());
    }
  }
  if (!found || before.empty()) {
    throw UsageError(fmt::format("--finetune-from {}: {}; layers are {}", layer,
                                 found ? "nothing comes before it" : "there is no such layer",
                                 LayersOf(network)));
  }
  int64_t num_frozen = 0;
  for (at::Tensor& parameter : before) {
    parameter.set_requires_grad(false);
    num_frozen += parameter.numel();
  }
  return num_frozen;
}

void FixFrozenStatistics(torch::nn::Module& network) {
  for (const auto& module : network.modules(/*include_self=*/false)) {
    const std::vector<at::Tensor> parameters = module->parameters();
    const bool frozen = std::none_of(parameters.begin(), parameters.end(),
                                     [](const at::Tensor& p) { return p.requires_grad(); });
    if (frozen && !parameters.empty()) {
      module->eval();
    }
  }
}

double RateFactor(const FinetuneOptions& options, const std::string& head,
                  const std::string& parameter) {
  return options.file.empty() || IsOf(head, parameter) ? 1 : options.lr_factor;
}

}  // namespace reel3d
