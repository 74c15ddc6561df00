// Trains one module data-parallel: every rank holds a copy, and gradients are averaged over the
// ranks while backward still runs (c10d::Reducer, as in Python's DistributedDataParallel).
//
//   DataParallel parallel(*network, group);
//   for each step:
//     parallel.ClearGradients();
//     for each micro-batch:
//       parallel.BeginMicroBatch(is_last);
//       at::Tensor loss = ...forward...;
//       parallel.Backward(loss);
//     optimizer.step();
//
// The gradient is the ranks' AVERAGE of the sum over micro-batches. With the loss
//   sum over own clips / clips of the complete step * number of ranks
// it is the gradient of the mean loss of the complete step, for any distribution of clips over the
// ranks (a rank may have none).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/nn/module.h>

#include <functional>
#include <memory>

#include "lib/dist/process_group.h"

namespace reel3d {

class DataParallel {
 public:
  // Copies parameters and buffers from rank 0 to all ranks. Collective. Throws an environment error
  // if the ranks' modules differ in shape. The module must outlive this object, and its parameters
  // must stay the same tensors.
  DataParallel(torch::nn::Module& module, ProcessGroup group);
  ~DataParallel();
  DataParallel(const DataParallel&) = delete;
  DataParallel& operator=(const DataParallel&) = delete;

  // Clears all gradients. Optimizer::zero_grad() would throw, because gradients are views of
  // buckets.
  void ClearGradients();
  // Call it before each forward pass. With `reduce` false, gradients only add up on this rank; the
  // step's last micro-batch needs `reduce` true, which averages the sum over the ranks. Every rank
  // runs the same number of micro-batches.
  void BeginMicroBatch(bool reduce);
  // Runs loss.backward(). If BeginMicroBatch() was called with `reduce`, Backward() returns when
  // every rank has the average gradient. It calls `when_computed`, from any thread, when this
  // rank's own part is done and only the wait for other ranks is left.
  void Backward(const at::Tensor& loss, const std::function<void()>& when_computed = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reel3d
