// SPDX-License-Identifier: Apache-2.0
#include "lib/model/profile.h"

#include <ATen/record_function.h>
#include <torch/torch.h>

#include <algorithm>
#include <map>
#include <memory>

#include "lib/base/error.h"

namespace reel3d {
namespace {

// Bytes of tensors on this thread, while it is in scope.
class MemoryMeter {
 public:
  int64_t held() const { return counts_->held; }
  int64_t most() const { return counts_->most; }

 private:
  struct Counts : c10::MemoryReportingInfoBase {
    int64_t held = 0, most = 0;

    void reportMemoryUsage(void* /*pointer*/, int64_t bytes, size_t /*allocated*/,
                           size_t /*reserved*/, c10::Device /*device*/) override {
      held += bytes;
      most = std::max(most, held);
    }
    bool memoryProfilingEnabled() const override { return true; }
  };

  std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
  c10::DebugInfoGuard guard_{c10::DebugInfoKind::PROFILER_STATE, counts_};
};

// torch takes other ways for a single clip, with scratch memory that no batch needs.
constexpr int64_t kClips = 2;

struct Operator {
  const char* kind;
  size_t weight;  // which of its inputs; 0: it has none
  bool multiplies;
};
const std::map<std::string, Operator> kOperators = {
    {"aten::convolution", {"convolution", 1, true}},
    {"aten::addmm", {"linear", 2, true}},
    {"aten::batch_norm", {"batch norm", 1, false}},
    {"aten::max_pool3d", {"max pool", 0, false}},
    {"aten::avg_pool3d", {"mean pool", 0, false}},
    {"aten::adaptive_avg_pool3d", {"mean pool", 0, false}},
};

// Notes what this thread computes, while it is in scope. torch calls plain functions, so the one
// that is listening stands in a variable of the thread.
class Recorder {
 public:
  explicit Recorder(const torch::nn::Module& network) {
    for (const auto& parameter : network.named_parameters()) {
      const std::string& name = parameter.key();
      const std::string layer = name.substr(0, name.rfind('.'));
      names_[parameter.value().const_data_ptr()] = layer;
      parameters_[layer] += parameter.value().numel();
    }
    listening_ = this;
    handle_ = at::addThreadLocalCallback(at::RecordFunctionCallback(OnBegin, OnEnd)
                                             .needsInputs(true)
                                             .needsOutputs(true)
                                             .scopes({at::RecordScope::FUNCTION}));
  }
  ~Recorder() {
    at::removeCallback(handle_);
    listening_ = nullptr;
  }
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  const std::vector<LayerProfile>& layers() const { return layers_; }

 private:
  // One of kOperators that has begun: inputs are shown at the beginning alone.
  struct Begun : at::ObserverContext {
    Operator op = {};
    at::Tensor weight;
  };

  static std::unique_ptr<at::ObserverContext> OnBegin(const at::RecordFunction& call) {
    const auto found = kOperators.find(call.name());
    if (found == kOperators.end()) {
      return nullptr;
    }
    auto begun = std::make_unique<Begun>();
    begun->op = found->second;
    if (begun->op.weight != 0) {
      begun->weight = call.inputs().at(begun->op.weight).toTensor();
    }
    return begun;
  }

  static void OnEnd(const at::RecordFunction& call, at::ObserverContext* context) {
    if (context != nullptr) {
      listening_->Add(*static_cast<const Begun*>(context), call.outputs().at(0).toTensor());
    }
  }

  void Add(const Begun& begun, const at::Tensor& output) {
    LayerProfile layer;
    layer.kind = begun.op.kind;
    layer.output = output.sizes().slice(1).vec();
    if (begun.op.weight != 0) {
      layer.name = names_.at(begun.weight.const_data_ptr());
      layer.parameters = parameters_.at(layer.name);
      const int64_t positions = output.numel() / output.size(0) / output.size(1);
      layer.multiply_adds = begun.op.multiplies ? positions * begun.weight.numel() : 0;
    }
    layers_.push_back(std::move(layer));
  }

  static thread_local Recorder* listening_;

  std::map<const void*, std::string> names_;  // of layers, by their parameters' memory
  std::map<std::string, int64_t> parameters_;
  std::vector<LayerProfile> layers_;
  at::CallbackHandle handle_ = 0;
};

thread_local Recorder* Recorder::listening_ = nullptr;

}  // namespace

NetworkProfile ProfileNetwork(const NetworkOptions& options, int64_t frames, int64_t height,
                              int64_t width) {
  options.CheckClips(frames, height, width);
  Network network = MakeNetwork(options);
  const auto clips = [&] { return at::zeros({kClips, options.channels, frames, height, width}); };
  NetworkProfile profile;
  {
    const at::NoGradGuard no_gradient;
    const MemoryMeter memory;
    network->eval();
    network->forward(clips());
    profile.inference_bytes = memory.most() / kClips;
  }
  network->train();
  const MemoryMeter memory;
  const Recorder recorder(*network);
  const at::Tensor logits = network->forward(clips());
  profile.training_bytes = memory.held() / kClips;
  profile.layers = recorder.layers();
  for (const LayerProfile& layer : profile.layers) {
    profile.parameters += layer.parameters;
    profile.multiply_adds += layer.multiply_adds;
  }
  return profile;
}

}  // namespace reel3d
