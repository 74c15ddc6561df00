// Data-parallel training of one module: every rank holds a copy, and gradients are averaged over
// the ranks while backward still runs (c10d::Reducer, as Python's DistributedDataParallel).
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
// The gradient is the ranks' AVERAGE of the sum over micro-batches: a loss of
// sum over own clips / clips of the whole step * number of ranks makes it that of the mean loss of
// the whole step, however unevenly clips are spread (a rank may have none).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/nn/module.h>

#include <functional>
#include <memory>

#include "lib/dist/process_group.h"

namespace reel3d {

class DataParallel {
 public:
  // Collective: copies parameters and buffers from rank 0 to all. Throws an environment error if
  // the ranks' modules differ in shape. The module must outlive this, and its parameters stay the
  // same tensors.
  DataParallel(torch::nn::Module& module, ProcessGroup group);
  ~DataParallel();
  DataParallel(const DataParallel&) = delete;
  DataParallel& operator=(const DataParallel&) = delete;

  // Drops all gradients. Optimizer::zero_grad() would throw: gradients are views of the buckets.
  void ClearGradients();
  // Before forward. With `reduce` false, gradients only add up on this rank; the step's last
  // micro-batch reduces the sum. Every rank runs the same number of micro-batches.
  void BeginMicroBatch(bool reduce);
  // loss.backward(); after a micro-batch that reduces, returns when every rank has the average.
  // `when_computed` is called in between, from any thread: when this rank's own part is done and
  // what is left is to wait for the others.
  void Backward(const at::Tensor& loss, const std::function<void()>& when_computed = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reel3d
