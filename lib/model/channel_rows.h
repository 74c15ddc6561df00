// Presents a tensor's values as rows of channels, and runs the passes of row_kernels.h over them on
// torch's threads.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "lib/base/error.h"
#include "lib/model/parallel.h"
#include "lib/model/row_kernels.h"

namespace reel3d {

// Returns whether the kernels take this input with this weight: on a CPU, in float32, in float64,
// or in bfloat16 with float32 weights.
inline bool HasKernelsFor(const at::Tensor& input, const at::Tensor& weight) {
  const at::ScalarType type = input.scalar_type();
  return input.is_cpu() && weight.scalar_type() == (type == at::kBFloat16 ? at::kFloat : type) &&
         (type == at::kFloat || type == at::kDouble || type == at::kBFloat16);
}

// Gives torch's name of a type that the kernels take. Other types do not compile.
template <class T>
struct TorchType;
template <>
struct TorchType<float> {
  static constexpr at::ScalarType kName = at::kFloat;
};
template <>
struct TorchType<double> {
  static constexpr at::ScalarType kName = at::kDouble;
};
template <>
struct TorchType<BFloat16> {
  static constexpr at::ScalarType kName = at::kBFloat16;
};
template <class T>
constexpr at::ScalarType kTypeOf = TorchType<T>::kName;

template <class T>
void RequireValuesOf(const at::Tensor& tensor) {
  REEL3D_CHECK(tensor.is_cpu());
  REEL3D_CHECK(tensor.scalar_type() == kTypeOf<T>);
  REEL3D_CHECK(tensor.is_contiguous());
}

// These return the values of a tensor, which must be on a CPU, of type T, and contiguous.
template <class T>
const T* ValuesOf(const at::Tensor& tensor) {
  RequireValuesOf<T>(tensor);
  return static_cast<const T*>(tensor.const_data_ptr());
}
template <class T>
T* MutableValuesOf(const at::Tensor& tensor) {
  RequireValuesOf<T>(tensor);
  return static_cast<T*>(tensor.mutable_data_ptr());
}

// Calls work(T()), where T is the type that the kernels use for the tensor's values.
template <class Work>
auto WithType(const at::Tensor& tensor, const Work& work) {
  if (tensor.scalar_type() == kTypeOf<float>) {
    return work(float());
  }
  if (tensor.scalar_type() == kTypeOf<double>) {
    return work(double());
  }
  REEL3D_CHECK(tensor.scalar_type() == kTypeOf<BFloat16>);
  return work(BFloat16());
}

// Takes a tensor (N, C, ...) of any layout, and copies the tensor unless channels are last in
// memory already.
class Rows {
 public:
  explicit Rows(const at::Tensor& tensor)
      : tensor_(tensor.movedim(1, -1).contiguous()),
        channels_(tensor.size(1)),
        rows_(tensor.numel() / std::max<int64_t>(1, channels_)),
        part_rows_(std::max<int64_t>({1, kPartValues / std::max<int64_t>(1, channels_),
                                      (rows_ + kMostParts - 1) / kMostParts})) {}

  int64_t rows() const { return rows_; }
  int64_t channels() const { return channels_; }
  int64_t num_parts() const { return (rows_ + part_rows_ - 1) / part_rows_; }
  // Returns the values, row by row. T must be the type that WithType() gives for the tensor.
  template <class T>
  const T* data() const {
    return ValuesOf<T>(tensor_);
  }

  // Returns a copy of the first row, (C) in double. There must be at least one row.
  at::Tensor FirstRow() const {
    REEL3D_CHECK(rows_ > 0);
    return tensor_.view({rows_, channels_})[0].to(at::kDouble, /*non_blocking=*/false,
                                                  /*copy=*/true);
  }

  // Calls work(part, index of the part's first value, number of its rows) for all parts, in
  // parallel.
  template <class Work>
  void ForParts(const Work& work) const {
    RunParallel(num_parts(), [&](int64_t part) {
      const int64_t begin = part * part_rows_;
      work(part, begin * channels_, std::min(part_rows_, rows_ - begin));
    });
  }

  // Returns two sums per channel. Calls work(index of the first value, number of rows, sums) for
  // each part. `work` must add to `sums` as the kernels do.
  template <class Work>
  std::vector<double> Sum(const Work& work) const {
    const auto width = static_cast<size_t>(2 * channels_);
    std::vector<double> parts(width * static_cast<size_t>(std::max<int64_t>(1, num_parts())));
    ForParts([&](int64_t part, int64_t first, int64_t rows) {
      work(first, rows, parts.data() + width * static_cast<size_t>(part));
    });
    for (size_t begin = width; begin < parts.size(); begin += width) {
      for (size_t i = 0; i < width; ++i) {
        parts[i] += parts[begin + i];
      }
    }
    parts.resize(width);
    return parts;
  }

 private:
  // A part of this many values fits into a cache. The work on a part takes much longer than passing
  // the part to a thread.
  static constexpr int64_t kPartValues = 1 << 15;
  static constexpr int64_t kMostParts = 256;  // each has sums of its own

  at::Tensor tensor_;
  int64_t channels_, rows_, part_rows_;
};

}  // namespace reel3d
