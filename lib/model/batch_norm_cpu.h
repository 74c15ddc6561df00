// Computes batch norm and its gradients on a CPU. torch's own kernels for channels-last tensors add
// float32 one value after the other, and over 32 clips of the first layer the variances are off by
// 1e-3. Here sums are doubles, so that statistics and gradients are as exact as float32 for any
// number of values. The sums are made of parts of a fixed size, so that they have the same bits on
// any number of threads.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>

namespace reel3d {

struct BatchNormCall {
  at::Tensor weight, bias;               // (C)
  at::Tensor running_mean, running_var;  // (C); training updates them
  double epsilon = 0;
  double momentum = 0;
  // True: use the statistics of the input, over the group if there is one. False: use the running
  // statistics.
  bool is_training = false;
  c10::intrusive_ptr<c10d::ProcessGroup> group;  // null: this rank's clips alone
};

// Takes (N, C, ...) of any layout and returns the normalised values, channels last in memory. The
// running statistics must have the type of the kernels' factors and be contiguous. They do not
// change if a channel has no value, or a single value and there is no group. Sets `num_values` to
// the number of values per channel that the statistics cover. With a group, every rank must call
// this function, and run backward, in the same order.
at::Tensor BatchNormOnCpu(const at::Tensor& input, const BatchNormCall& call, double* num_values);

}  // namespace reel3d
