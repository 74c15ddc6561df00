// Computes batch norm and its gradients on a CPU. torch's own kernels for channels-last tensors add
// float32 one value after the other: over 32 clips of the first layer its variances are off by
// 1e-3. Here sums are doubles, so that statistics and gradients of any number of values are right
// to float32's own rounding; and they are made of parts of a fixed size, so that they have the same
// bits on any number of threads.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>

namespace reel3d {

struct BatchNormCall {
  at::Tensor weight, bias;               // (C)
  at::Tensor running_mean, running_var;  // (C); training moves them
  double epsilon = 0;
  double momentum = 0;
  // True: the statistics are those of the input, over the group if there is one. False: they are
  // the running ones.
  bool is_training = false;
  c10::intrusive_ptr<c10d::ProcessGroup> group;  // null: this rank's clips alone
};

// Takes (N, C, ...) of any layout and returns the same, channels last in memory. Running
// statistics, which must have the type of the kernels' factors and be contiguous, stay as they are
// without a value, and with one value a channel that no other rank adds to. `num_values` becomes
// the number of values a channel that the statistics cover. With a group every rank calls it in the
// same order, and runs backward.
at::Tensor BatchNormOnCpu(const at::Tensor& input, const BatchNormCall& call, double* num_values);

}  // namespace reel3d
