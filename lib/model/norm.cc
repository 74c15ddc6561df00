// SPDX-License-Identifier: Apache-2.0
#include "lib/model/norm.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "lib/base/error.h"
#include "lib/model/parallel.h"
#include "lib/model/row_kernels.h"

namespace reel3d {
namespace {

constexpr int64_t kPartValues = 1 << 16;
// Values are taken as rows of this many columns, which vectors of any width divide.
constexpr int64_t kColumns = 64;

// A part holds values that are contiguous in memory.
template <class T>
struct Part {
  const T* values;
  int64_t count;
};

template <class T>
double SumOfSquares(const Part<T>& part) {
  constexpr std::array<double, kColumns> kOrigin = {};
  std::array<double, 2 * kColumns> sums = {};
  const int64_t rows = part.count / kColumns;
  static const RowKernels<T> kernels = RowKernelsFor<T>();
  kernels.add_moments(part.values, rows, kColumns, kOrigin.data(), sums.data());
  double sum = std::accumulate(sums.begin() + kColumns, sums.end(), 0.0);
  for (int64_t i = rows * kColumns; i < part.count; ++i) {
    const auto value = static_cast<double>(part.values[i]);
    sum += value * value;
  }
  return sum;
}

template <class T>
at::Tensor Norm(const std::vector<at::Tensor>& tensors) {
  std::vector<Part<T>> parts;
  for (const at::Tensor& tensor : tensors) {
    REEL3D_CHECK(tensor.is_non_overlapping_and_dense());
    for (int64_t begin = 0; begin < tensor.numel(); begin += kPartValues) {
      parts.push_back(
          {tensor.const_data_ptr<T>() + begin, std::min(kPartValues, tensor.numel() - begin)});
    }
  }
  std::vector<double> sums(parts.size());
  RunParallel(static_cast<int64_t>(parts.size()), [&](int64_t i) {
    sums[static_cast<size_t>(i)] = SumOfSquares(parts[static_cast<size_t>(i)]);
  });
  const double norm = std::sqrt(std::accumulate(sums.begin(), sums.end(), 0.0));
  return at::full({}, norm, tensors.front().options().requires_grad(false));
}

}  // namespace

at::Tensor NormOfAll(const std::vector<at::Tensor>& tensors) {
  const at::Tensor& first = tensors.at(0);
  if (first.is_cpu() && first.scalar_type() == at::kFloat) {
    return Norm<float>(tensors);
  }
  if (first.is_cpu() && first.scalar_type() == at::kDouble) {
    return Norm<double>(tensors);
  }
  return at::linalg_vector_norm(at::stack(at::_foreach_norm(tensors)));
}

}  // namespace reel3d
