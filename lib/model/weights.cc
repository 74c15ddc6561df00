// SPDX-License-Identifier: Apache-2.0
#include "lib/model/weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/nn/module.h>
#include <torch/version.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string_view>

#include "lib/base/error.h"
#include "lib/base/versions.h"
#include "lib/weights/weights_layout.h"

namespace reel3d {
namespace {

const LinkedLibrary kTorch("LibTorch", TORCH_VERSION);

std::string Shape(const at::Tensor& tensor) {
  return fmt::format("({})", fmt::join(tensor.sizes(), ", "));
}

bool IsOf(const std::string& layer, const std::string& name) {
  return name.rfind(layer + ".", 0) == 0;
}

// Holds the layout of the network that takes the weights, and the layout that the weights have.
struct Sides {
  std::optional<WeightsLayout> network, weights;
  std::string found;  // the first names of the weights
};

Sides SidesOf(const NamedTensors& network, const NamedTensors& weights) {
  Sides sides = {FindLayout(HeadersOf(network)), FindLayout(HeadersOf(weights)), ""};
  constexpr size_t kShown = 3;
  for (size_t i = 0; i < std::min(kShown, weights.size()); ++i) {
    sides.found += (i == 0 ? "" : ", ") + weights[i].first;
  }
  return sides;
}

// Returns true if network and weights have the same layout.
bool IsSameNetwork(const Sides& sides) {
  return sides.network && sides.network->Config() == sides.weights->Config();
}

// Returns the options of a network that would fit the weights, as far as they differ.
std::string OtherNetwork(const Sides& sides) {
  if (!sides.network || sides.network->family != sides.weights->family) {
    return "a network with --model " + sides.weights->family;
  }
  std::string options = "a network with";
  std::istringstream lines(sides.weights->settings);
  for (std::string line; std::getline(lines, line);) {
    if (("\n" + sides.network->settings).find("\n" + line + "\n") == std::string::npos) {
      const size_t equals = line.find(" = ");
      options += fmt::format(" --{} {}", line.substr(0, equals), line.substr(equals + 3));
    }
  }
  return options;
}

// Returns the likely cause if a tensor does not fit, for the error. `otherwise` ends the text if
// the layouts are the same.
std::string CauseOf(const Sides& sides, const std::string& otherwise) {
  if (!sides.weights) {
    return fmt::format("; the weights are of no network that reel3d knows{}{}",
                       sides.found.empty() ? "" : ": they begin with ", sides.found);
  }
  const std::string found = sides.weights->Describe();
  return IsSameNetwork(sides)
             ? fmt::format("; the weights look like those of {}, {}", found, otherwise)
             : fmt::format("; the weights are of {} ({})", OtherNetwork(sides), found);
}

std::string CauseOfShape(const std::string& name, const at::Tensor& expected,
                         const at::Tensor& found, const Sides& sides) {
  if (sides.weights && IsOf(sides.weights->head, name) && expected.dim() == found.dim() &&
      expected.sizes().slice(1) == found.sizes().slice(1)) {
    return fmt::format("; the weights are of another number of classes ({})",
                       sides.weights->Describe());
  }
  std::string difference = "in which this tensor has another shape";
  if (expected.dim() == 5 && found.dim() == 5) {
    difference = expected.size(1) != found.size(1)
                     ? "with another number of input channels (optical flow has 2)"
                     : "with other kernels";
  }
  return CauseOf(sides, difference);
}

// Returns true for the name of the tensor that counts the batches of a batch norm. This count has
// no effect, and files from before torch 0.4.1 lack it.
bool IsCounter(const std::string& name) {
  constexpr std::string_view kCounter = ".num_batches_tracked";
  return name.size() > kCounter.size() &&
         name.compare(name.size() - kCounter.size(), kCounter.size(), kCounter) == 0;
}

void CheckTensor(const std::string& source, const std::string& name, const at::Tensor& expected,
                 const at::Tensor& found, const Sides& sides) {
  if (expected.sizes() != found.sizes()) {
    throw InputError(fmt::format("{}: tensor {} should be of shape {}, found {}{}", source, name,
                                 Shape(expected), Shape(found),
                                 CauseOfShape(name, expected, found, sides)));
  }
  if (expected.is_floating_point() != found.is_floating_point()) {
    throw InputError(fmt::format("{}: tensor {} should hold {}, found {}", source, name,
                                 toString(expected.scalar_type()), toString(found.scalar_type())));
  }
}

// Returns the limit of a network's memory: 64 MiB and twice the size of the weights in float32,
// because a tensor may exist twice while it is laid out. If the network is not much larger than the
// weights, LoadStateDict describes the difference better.
int64_t MostBytes(const std::vector<TensorHeader>& weights) {
  constexpr int64_t kAnyNetwork = int64_t{64} << 20;
  int64_t num_values = 0;
  for (const TensorHeader& tensor : weights) {
    int64_t count = 1;
    for (const int64_t extent : tensor.shape) {
      count *= extent;
    }
    num_values += count;
  }
  return kAnyNetwork + 2 * num_values * static_cast<int64_t>(sizeof(float));
}

}  // namespace

NamedTensors StateDict(const torch::nn::Module& module) {
  NamedTensors tensors;
  for (const auto& parameter : module.named_parameters()) {
    tensors.emplace_back(parameter.key(), parameter.value().detach());
  }
  for (const auto& buffer : module.named_buffers()) {
    tensors.emplace_back(buffer.key(), buffer.value().detach());
  }
  return tensors;
}

void LoadStateDict(torch::nn::Module& module, const NamedTensors& tensors,
                   const std::string& source) {
  std::map<std::string, at::Tensor> found(tensors.begin(), tensors.end());
  const NamedTensors expected = StateDict(module);
  const Sides sides = SidesOf(expected, tensors);
  std::set<std::string> unknown;
  for (const auto& [name, tensor] : tensors) {
    unknown.insert(name);
  }
  for (const auto& [name, tensor] : expected) {
    unknown.erase(name);
    const auto match = found.find(name);
    if (match == found.end() && IsCounter(name)) {
      found[name] = at::zeros_like(tensor);
    } else if (match == found.end()) {
      throw InputError(fmt::format("{}: tensor {} is missing{}", source, name,
                                   CauseOf(sides, "but lack this one")));
    } else {
      CheckTensor(source, name, tensor, match->second, sides);
    }
  }
  if (!unknown.empty()) {
    const std::string& name = *unknown.begin();
    throw InputError(fmt::format("{}: unknown tensor {}{}", source, name,
                                 CauseOf(sides, "which has no such tensor")));
  }
  const at::NoGradGuard no_gradient;
  for (const auto& [name, tensor] : expected) {
    tensor.copy_(found.at(name));
  }
}

NetworkLimit::NetworkLimit(const std::vector<TensorHeader>& weights, const std::string& source)
    : meter_(MostBytes(weights), [source] {
        throw InputError(source +
                         ": holds far fewer values than a network whose tensors are named and "
                         "shaped like its");
      }) {}

Network MakeNetworkOf(const NetworkOptions& options, const NamedTensors& tensors,
                      const std::string& source) {
  const NetworkLimit limit(HeadersOf(tensors), source);
  Network network = MakeNetwork(options);
  LoadStateDict(*network, tensors, source);
  return network;
}

int64_t CountParameters(const torch::nn::Module& module) {
  int64_t count = 0;
  for (const at::Tensor& parameter : module.parameters()) {
    count += parameter.requires_grad() ? parameter.numel() : 0;
  }
  return count;
}

}  // namespace reel3d
