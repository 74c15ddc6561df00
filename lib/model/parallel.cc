// SPDX-License-Identifier: Apache-2.0
#include "lib/model/parallel.h"

#include <ATen/TensorIterator.h>
#include <torch/types.h>

namespace reel3d {

// A TensorIterator distributes the bytes of `places` over torch's threads. The address of a byte
// gives the index of its call. The bytes themselves are never read or written.
void RunParallel(int64_t count, const std::function<void(int64_t)>& work) {
  if (count == 1) {
    work(0);
  }
  if (count <= 1) {
    return;
  }
  const at::Tensor places = at::empty({count}, at::kByte);
  const auto* const first = static_cast<const char*>(places.const_data_ptr());
  at::TensorIterator iterator = at::TensorIterator::borrowing_nullary_op(places);
  iterator.for_each(
      [&](char** data, const int64_t* strides, int64_t size, int64_t /*always 1*/) {
        for (int64_t i = 0; i < size; ++i) {
          work(data[0] + i * strides[0] - first);
        }
      },
      /*grain_size=*/1);
}

}  // namespace reel3d
