// SPDX-License-Identifier: Apache-2.0
#include "lib/dist/data_parallel.h"

#include <torch/nn/module.h>

#include <torch/csrc/autograd/engine.h>
#include <algorithm>
#include <string>
#include <torch/csrc/distributed/c10d/comm.hpp>
#include <torch/csrc/distributed/c10d/reducer.hpp>
#include <unordered_map>
#include <utility>
#include <vector>

#include "lib/base/error.h"

namespace reel3d {
namespace {

// A small first bucket, as in DistributedDataParallel, lets communication begin early in backward.
constexpr size_t kFirstBucketBytes = size_t{1} << 20;
constexpr size_t kBucketBytes = size_t{25} << 20;

std::unique_ptr<c10d::Reducer> MakeReducer(const torch::nn::Module& module,
                                           const std::vector<at::Tensor>& parameters,
                                           const ProcessGroup& group) {
  std::unordered_map<size_t, std::string> names;
  for (const auto& parameter : module.named_parameters()) {
    if (parameter.value().requires_grad()) {
      names.emplace(names.size(), parameter.key());
    }
  }
  const std::vector<bool> is_sparse(parameters.size(), false);
  auto buckets = std::get<0>(c10d::compute_bucket_assignment_by_size(
      parameters, {kFirstBucketBytes, kBucketBytes}, is_sparse));
  // Backward reaches the last layers first. After one step Reducer has recorded the true order.
  std::reverse(buckets.begin(), buckets.end());
  return std::make_unique<c10d::Reducer>(
      parameters, buckets, group, is_sparse, kBucketBytes, /*find_unused_parameters=*/false,
      /*gradient_as_bucket_view=*/true, names, kFirstBucketBytes,
      /*skip_all_reduce_unused_params=*/false, /*use_python_reducer=*/false,
      /*bucket_bytes_cap_list=*/std::vector<int64_t>{});
}

// Throws on every rank if any rank differs: a rank that threw alone would leave the others waiting.
void RequireSameParameters(const ProcessGroup& group, const std::vector<at::Tensor>& parameters) {
  std::string difference;
  try {
    c10d::verify_params_across_processes(group, parameters, std::nullopt);
  } catch (const c10::Error& error) {
    difference = error.what_without_backtrace();
  }
  const at::Tensor count =
      at::full({1}, difference.empty() ? 0 : 1, parameters.at(0).options().requires_grad(false));
  AllReduceSum(group, count);
  if (count.item<double>() > 0) {
    throw EnvironmentError("the ranks do not train the same network" +
                           (difference.empty() ? "" : ": " + difference));
  }
}

// Gives `gradient` the strides of its parameter if both have the same order in memory. The stride
// of an axis of size 1 has no meaning: weights of 1 x 1 x 1 are contiguous and channels-last at
// once, and backward may choose either for the gradient. Reducer compares all strides, so it would
// take the same order in memory for a different one.
at::Tensor WithStrides(const at::Tensor& gradient, at::IntArrayRef strides) {
  for (int64_t axis = 0; axis < gradient.dim(); ++axis) {
    if (gradient.size(axis) > 1 && gradient.stride(axis) != strides[static_cast<size_t>(axis)]) {
      return gradient;  // a different order: AccumulateGrad copies the gradient
    }
  }
  return gradient.strides() == strides ? gradient : gradient.as_strided(gradient.sizes(), strides);
}

}  // namespace

struct DataParallel::State {
  ProcessGroup group;
  std::vector<at::Tensor> parameters;      // without frozen ones, which have no gradients
  std::vector<unsigned> hooks;             // one for each of `parameters`
  std::unique_ptr<c10d::Reducer> reducer;  // destroyed before the group
  bool reduce = false;
};

DataParallel::DataParallel(torch::nn::Module& module, ProcessGroup group)
    : state_(std::make_unique<State>()) {
  state_->group = std::move(group);
  std::vector<at::Tensor> tensors;
  for (const at::Tensor& parameter : module.parameters()) {
    tensors.push_back(parameter.detach());
    if (parameter.requires_grad()) {
      state_->parameters.push_back(parameter);
      state_->hooks.push_back(parameter.register_hook(
          [strides = parameter.strides().vec()](const at::Tensor& gradient) {
            return WithStrides(gradient, strides);
          }));
    }
  }
  RequireSameParameters(state_->group, state_->parameters);
  for (const at::Tensor& buffer : module.buffers()) {
    tensors.push_back(buffer.detach());
  }
  BroadcastFromMain(state_->group, tensors);
  state_->reducer = MakeReducer(module, state_->parameters, state_->group);
}

DataParallel::~DataParallel() {
  for (size_t i = 0; i < state_->hooks.size(); ++i) {
    state_->parameters[i].remove_hook(state_->hooks[i]);
  }
}

void DataParallel::ClearGradients() {
  for (at::Tensor& parameter : state_->parameters) {
    parameter.mutable_grad() = at::Tensor();
  }
}

void DataParallel::BeginMicroBatch(bool reduce) {
  state_->reduce = reduce;
  if (reduce) {
    state_->reducer->prepare_for_forward();
    state_->reducer->rebuild_buckets();
  }
}

void DataParallel::Backward(const at::Tensor& loss, const std::function<void()>& when_computed) {
  if (state_->reduce) {
    state_->reducer->prepare_for_backward({loss});
    if (when_computed) {
      // This callback is queued when backward begins. So it runs before the callback that Reducer
      // queues at the end of backward, which waits for the other ranks.
      loss.register_hook([when_computed](const at::Tensor& /*gradient*/) {
        torch::autograd::Engine::get_default_engine().queue_callback(when_computed);
      });
    }
  }
  loss.backward();
  state_->reduce = false;
}

}  // namespace reel3d
