// Has the passes over memory that batch norm consists of on a CPU, compiled for each set of vector
// instructions. The passes use no torch and no threads. Values lie in rows, each row has one value
// of every channel, and the caller distributes rows over threads.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace reel3d {

// Holds the upper half of a float.
struct BFloat16 {
  uint16_t bits;
};

// Gives the type of the factors for values of type T: double for double, else float.
template <class T>
struct FactorOf {
  using Type = float;
};
template <>
struct FactorOf<double> {
  using Type = double;
};

// `sums` holds two rows of doubles, `channels` each, to which a function adds. Each value becomes a
// double before anything is added to it, so a sum of 10^9 floats is as exact as one of ten.
template <class T>
struct RowKernels {
  using Factor = typename FactorOf<T>::Type;

  // Adds value - origin and (value - origin)^2; an origin near the mean keeps the second sum small.
  void (*add_moments)(const T* values, int64_t rows, int64_t channels, const double* origin,
                      double* sums);
  // Adds gradient and gradient * (value - origin).
  void (*add_gradients)(const T* gradients, const T* values, int64_t rows, int64_t channels,
                        const double* origin, double* sums);
  // Sets out = scale * (value - origin) + shift. An origin near the mean keeps rounding errors
  // small.
  void (*scale)(const T* values, int64_t rows, int64_t channels, const Factor* origin,
                const Factor* scale, const Factor* shift, T* out);
  // Sets out = of_gradient * gradient + of_value * (value - origin) + shift.
  void (*combine)(const T* gradients, const T* values, int64_t rows, int64_t channels,
                  const Factor* of_gradient, const Factor* of_value, const Factor* origin,
                  const Factor* shift, T* out);
};

// Returns the fastest kernels that this processor can run. T is float, double or BFloat16.
template <class T>
RowKernels<T> RowKernelsFor();

}  // namespace reel3d
