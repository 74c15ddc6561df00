// Has the formulas of batch norm in training (Ioffe and Szegedy 2015, section 3) and of its sums
// over ranks. V is at::Tensor on GPUs and double on CPUs. GPUs take tensors of all channels, so
// that nothing waits for the GPU. CPUs take one channel after the other, because the forty torch
// calls of these formulas would take longer than a small layer.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

namespace reel3d {

// Returns the larger of `value` and `least`. NaN stays NaN.
inline double AtLeast(double value, double least) { return value < least ? least : value; }
inline at::Tensor AtLeast(const at::Tensor& value, double least) { return value.clamp_min(least); }

// Holds the sums of a channel's values and of their squares, which ranks add. An error in one
// rank's mean cancels, because the rank's variance is relative to the same mean.
template <class V>
struct ChannelSums {
  V values, squares;
};

template <class V>
struct ChannelMoments {
  V mean, variance;  // the biased variance
};

template <class V, class Count>
ChannelSums<V> SumsOf(const ChannelMoments<V>& moments, const Count& count) {
  return {moments.mean * count, (moments.variance + moments.mean * moments.mean) * count};
}

// If there are no values, both moments are 0. Rounding could make the variance negative, so it is
// at least 0.
template <class V>
ChannelMoments<V> MomentsOf(const ChannelSums<V>& sums, const V& count) {
  const V divisor = AtLeast(count, 1);
  const V mean = sums.values / divisor;
  return {mean, AtLeast(sums.squares / divisor - mean * mean, 0)};
}

// Moves the running statistics towards those of the batch. `momentum` is the batch's share. The
// running variance is the unbiased one.
template <class V>
ChannelMoments<V> MoveRunning(const ChannelMoments<V>& running, const ChannelMoments<V>& batch,
                              const V& count, double momentum) {
  const V unbiased = batch.variance * (count / AtLeast(count - 1, 1));
  return {running.mean + (batch.mean - running.mean) * momentum,
          running.variance + (unbiased - running.variance) * momentum};
}

// The input's gradient is of_output * gradient + of_input * (input - mean) + shift.
template <class V>
struct InputGradientFactors {
  V of_output, of_input, shift;
};

// `sum` is the sum of the output's gradients, `product` the sum of their products with the
// normalised values, both over all ranks.
template <class V>
InputGradientFactors<V> FactorsOf(const V& weight, const V& inverse_std, const V& sum,
                                  const V& product, const V& count) {
  const V scale = weight * inverse_std;
  const V per_value = -scale / AtLeast(count, 1);
  return {scale, per_value * product * inverse_std, per_value * sum};
}

}  // namespace reel3d
