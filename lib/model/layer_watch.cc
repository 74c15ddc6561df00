// SPDX-License-Identifier: Apache-2.0
#include "lib/model/layer_watch.h"

#include <ATen/record_function.h>
#include <torch/nn/module.h>

#include <memory>
#include <optional>
#include <utility>

namespace reel3d {
namespace {

struct Operator {
  const char* kind;
  size_t input;                  // index of the argument
  std::optional<size_t> weight;  // index of the argument, if the operator has weights
};
const std::map<std::string, Operator> kOperators = {
    {"aten::addmm", {"linear", 1, 2}},
    {"aten::max_pool3d_with_indices", {"max pool", 0, {}}},
    {"aten::mean", {"mean pool", 0, {}}},
};

// Holds a call until it ends, because torch shows the arguments only at the beginning.
struct Begun : at::ObserverContext {
  LayerCall call;
};

// torch calls plain functions without a context, so a variable of the thread holds the listener.
thread_local const LayerWatch* listening = nullptr;

}  // namespace

struct LayerWatch::Hooks {
  static std::unique_ptr<at::ObserverContext> OnBegin(const at::RecordFunction& function) {
    const auto found = kOperators.find(function.name());
    if (found == kOperators.end()) {
      return nullptr;
    }
    auto begun = std::make_unique<Begun>();
    begun->call.kind = found->second.kind;
    begun->call.input = function.inputs().at(found->second.input).toTensor();
    if (found->second.weight) {
      begun->call.weight = function.inputs().at(*found->second.weight).toTensor();
      begun->call.layer = listening->NameOf(begun->call.weight);
    }
    return begun;
  }

  static void OnEnd(const at::RecordFunction& function, at::ObserverContext* context) {
    if (context != nullptr) {
      LayerCall& call = static_cast<Begun*>(context)->call;
      call.output = function.outputs().at(0).toTensor();
      listening->on_call_(call);
    }
  }
};

LayerWatch::LayerWatch(const torch::nn::Module& network,
                       std::function<void(const LayerCall&)> on_call)
    : on_call_(std::move(on_call)) {
  for (const auto& parameter : network.named_parameters()) {
    const std::string& name = parameter.key();
    names_[parameter.value().const_data_ptr()] = name.substr(0, name.rfind('.'));
  }
  listening = this;
  handle_ = at::addThreadLocalCallback(at::RecordFunctionCallback(Hooks::OnBegin, Hooks::OnEnd)
                                           .needsInputs(true)
                                           .needsOutputs(true)
                                           .scopes({at::RecordScope::FUNCTION}));
}

LayerWatch::~LayerWatch() {
  at::removeCallback(handle_);
  listening = nullptr;
}

void LayerWatch::NoteBatchNorm(const at::Tensor& input, const at::Tensor& weight,
                               const at::Tensor& output) {
  if (listening != nullptr) {
    listening->on_call_({listening->NameOf(weight), "batch norm", input, weight, output});
  }
}

void LayerWatch::NoteConvolution(const at::Tensor& input, const at::Tensor& weight,
                                 const at::Tensor& output) {
  if (listening != nullptr) {
    listening->on_call_({listening->NameOf(weight), "convolution", input, weight, output});
  }
}

void LayerWatch::NoteMeanPool(const at::Tensor& input, const at::Tensor& output) {
  if (listening != nullptr) {
    listening->on_call_({"", "mean pool", input, {}, output});
  }
}

std::string LayerWatch::NameOf(const at::Tensor& weight) const {
  const auto found = names_.find(weight.const_data_ptr());
  return found == names_.end() ? "" : found->second;
}

}  // namespace reel3d
