// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/exponentials.h"

#include <algorithm>

// This file is compiled once for each set of vector instructions (hwy/foreach_target.h).
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lib/eval/exponentials.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// These functions are for the instructions that the headers above chose.
#include <hwy/contrib/math/math-inl.h>

HWY_BEFORE_NAMESPACE();
namespace reel3d::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

void ExponentialsOf(double* values, size_t count) {
  const hn::ScalableTag<double> d;
  const size_t lanes = hn::Lanes(d);
  size_t index = 0;
  for (; index + lanes <= count; index += lanes) {
    hn::StoreU(hn::Exp(d, hn::LoadU(d, values + index)), d, values + index);
  }
  // The rest is computed by the same instructions: other ones would round some values differently.
  HWY_ALIGN double rest[HWY_MAX_BYTES / sizeof(double)] = {};
  std::copy(values + index, values + count, rest);
  hn::Store(hn::Exp(d, hn::Load(d, rest)), d, rest);
  std::copy(rest, rest + (count - index), values + index);
}

}  // namespace reel3d::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace reel3d {

HWY_EXPORT(ExponentialsOf);

void Exponentials(double* values, size_t count) {
  HWY_DYNAMIC_DISPATCH(ExponentialsOf)(values, count);
}

}  // namespace reel3d
#endif
