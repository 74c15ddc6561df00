// SPDX-License-Identifier: Apache-2.0
#include "lib/model/row_kernels.h"

#include <cstddef>
#include <type_traits>

// This file is compiled once for each set of vector instructions (hwy/foreach_target.h).
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lib/model/row_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace reel3d::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Sums are loaded and stored once per this many rows. Passes without sums take one row at a time,
// because memory is fastest in that order.
constexpr int kRowsOfSums = 4;

// These load vectors of doubles.
template <class D>
HWY_INLINE hn::Vec<D> LoadDoubles(D d, const double* values) {
  return hn::LoadU(d, values);
}
template <class D>
HWY_INLINE hn::Vec<D> LoadDoubles(D d, const float* values) {
  return hn::PromoteTo(d, hn::LoadU(hn::Rebind<float, D>(), values));
}
template <class D>
HWY_INLINE hn::Vec<hn::Rebind<float, D>> LoadBFloat16(D /*d*/, const BFloat16* values) {
  const hn::Rebind<uint32_t, D> whole;
  const auto halves = hn::LoadU(hn::Rebind<uint16_t, D>(), &values->bits);
  return hn::BitCast(hn::Rebind<float, D>(), hn::ShiftLeft<16>(hn::PromoteTo(whole, halves)));
}
template <class D>
HWY_INLINE hn::Vec<D> LoadDoubles(D d, const BFloat16* values) {
  return hn::PromoteTo(d, LoadBFloat16(d, values));
}

// These load and store vectors of factors.
template <class D, class T>
HWY_INLINE hn::Vec<D> LoadFactors(D d, const T* values) {
  return hn::LoadU(d, values);
}
template <class D>
HWY_INLINE hn::Vec<D> LoadFactors(D d, const BFloat16* values) {
  return LoadBFloat16(d, values);
}
template <class D, class T>
HWY_INLINE void Store(D d, hn::Vec<D> values, T* out) {
  hn::StoreU(values, d, out);
}
// Rounds to the nearest value; of two that are equally near, to the even one. NaN stays NaN.
template <class D>
HWY_INLINE void Store(D /*d*/, hn::Vec<D> values, BFloat16* out) {
  const hn::RebindToUnsigned<D> whole;
  const hn::RebindToSigned<D> as_signed;
  const auto bits = hn::BitCast(whole, values);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(whole, 1));
  const auto rounded = hn::Add(hn::Add(bits, odd), hn::Set(whole, 0x7FFF));
  const auto is_number = hn::RebindMask(whole, hn::Eq(values, values));
  const auto chosen = hn::IfThenElse(is_number, rounded, hn::Set(whole, 0x7FC00000));
  const hn::Rebind<uint16_t, D> half;
  hn::StoreU(hn::DemoteTo(half, hn::BitCast(as_signed, hn::ShiftRight<16>(chosen))), half,
             &out->bits);
}

// Calls body(tag, channel) for vectors of at most kMost lanes from `channel` on; returns the first
// channel that is left.
template <class Lane, size_t kMost, class Body>
HWY_INLINE int64_t ForVectors(int64_t channel, int64_t channels, const Body& body) {
  const hn::CappedTag<Lane, kMost> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (; channel + lanes <= channels; channel += lanes) {
    body(d, channel);
  }
  return channel;
}

// Calls body(tag, channel, index of the first value, number of rows) so that each value is visited
// once. The order is that of memory, except that kRows rows are visited together.
template <class Lane, int kRows, class Body>
HWY_INLINE void ForTiles(int64_t rows, int64_t channels, const Body& body) {
  const auto visit = [&](int64_t row, auto count) HWY_ATTR {
    const auto tile = [&](auto d, int64_t channel)
                          HWY_ATTR { body(d, channel, row * channels + channel, count); };
    int64_t channel = ForVectors<Lane, 16>(0, channels, tile);
    channel = ForVectors<Lane, 8>(channel, channels, tile);
    channel = ForVectors<Lane, 4>(channel, channels, tile);
    channel = ForVectors<Lane, 2>(channel, channels, tile);
    ForVectors<Lane, 1>(channel, channels, tile);
  };
  int64_t row = 0;
  for (; row + kRows <= rows; row += kRows) {
    visit(row, std::integral_constant<int, kRows>());
  }
  for (; row < rows; ++row) {
    visit(row, std::integral_constant<int, 1>());
  }
}

// Adds two terms of each value to the two sums of its channel: add(tag, index of the value, origin,
// &first sum, &second sum).
template <class Add>
HWY_INLINE void AddToSums(int64_t rows, int64_t channels, const double* origins, double* sums,
                          const Add& add) {
  ForTiles<double, kRowsOfSums>(rows, channels,
                                [=](auto d, int64_t channel, int64_t first, auto count) HWY_ATTR {
                                  const auto origin = hn::LoadU(d, origins + channel);
                                  auto sum = hn::LoadU(d, sums + channel);
                                  auto second = hn::LoadU(d, sums + channels + channel);
                                  for (int row = 0; row < count; ++row) {
                                    add(d, first + row * channels, origin, &sum, &second);
                                  }
                                  hn::StoreU(sum, d, sums + channel);
                                  hn::StoreU(second, d, sums + channels + channel);
                                });
}

template <class T>
void AddMoments(const T* values, int64_t rows, int64_t channels, const double* origins,
                double* sums) {
  AddToSums(rows, channels, origins, sums,
            [=](auto d, int64_t at, auto origin, auto* sum, auto* square) HWY_ATTR {
              const auto value = hn::Sub(LoadDoubles(d, values + at), origin);
              *sum = hn::Add(*sum, value);
              *square = hn::MulAdd(value, value, *square);
            });
}

template <class T>
void AddGradients(const T* gradients, const T* values, int64_t rows, int64_t channels,
                  const double* origins, double* sums) {
  AddToSums(rows, channels, origins, sums,
            [=](auto d, int64_t at, auto origin, auto* sum, auto* product) HWY_ATTR {
              const auto gradient = LoadDoubles(d, gradients + at);
              const auto value = hn::Sub(LoadDoubles(d, values + at), origin);
              *sum = hn::Add(*sum, gradient);
              *product = hn::MulAdd(gradient, value, *product);
            });
}

// Stores finish(tag, channel, index of the value, scale * (value - origin) + shift) for each value.
template <class T, class Factor, class Finish>
HWY_INLINE void MapValues(const T* values, int64_t rows, int64_t channels, const Factor* origins,
                          const Factor* scales, const Factor* shifts, T* out,
                          const Finish& finish) {
  ForTiles<Factor, 1>(
      rows, channels, [=](auto d, int64_t channel, int64_t at, auto /*count*/) HWY_ATTR {
        const auto value = hn::Sub(LoadFactors(d, values + at), hn::LoadU(d, origins + channel));
        const auto mapped =
            hn::MulAdd(value, hn::LoadU(d, scales + channel), hn::LoadU(d, shifts + channel));
        Store(d, finish(d, channel, at, mapped), out + at);
      });
}

template <class T, class Factor = typename FactorOf<T>::Type>
void Scale(const T* values, int64_t rows, int64_t channels, const Factor* origins,
           const Factor* scales, const Factor* shifts, T* out) {
  MapValues(values, rows, channels, origins, scales, shifts, out,
            [](auto /*d*/, int64_t /*channel*/, int64_t /*at*/, auto mapped)
                HWY_ATTR { return mapped; });
}

template <class T, class Factor = typename FactorOf<T>::Type>
void Combine(const T* gradients, const T* values, int64_t rows, int64_t channels,
             const Factor* of_gradient, const Factor* of_value, const Factor* origins,
             const Factor* shifts, T* out) {
  MapValues(values, rows, channels, origins, of_value, shifts, out,
            [=](auto d, int64_t channel, int64_t at, auto mapped) HWY_ATTR {
              const auto factor = hn::LoadU(d, of_gradient + channel);
              return hn::MulAdd(LoadFactors(d, gradients + at), factor, mapped);
            });
}

template <class T>
RowKernels<T> KernelsOf() {
  return {AddMoments<T>, AddGradients<T>, Scale<T>, Combine<T>};
}
RowKernels<float> FloatKernels() { return KernelsOf<float>(); }
RowKernels<double> DoubleKernels() { return KernelsOf<double>(); }
RowKernels<BFloat16> BFloat16Kernels() { return KernelsOf<BFloat16>(); }

}  // namespace reel3d::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace reel3d {

HWY_EXPORT(FloatKernels);
HWY_EXPORT(DoubleKernels);
HWY_EXPORT(BFloat16Kernels);

template <>
RowKernels<float> RowKernelsFor<float>() {
  return HWY_DYNAMIC_DISPATCH(FloatKernels)();
}
template <>
RowKernels<double> RowKernelsFor<double>() {
  return HWY_DYNAMIC_DISPATCH(DoubleKernels)();
}
template <>
RowKernels<BFloat16> RowKernelsFor<BFloat16>() {
  return HWY_DYNAMIC_DISPATCH(BFloat16Kernels)();
}

}  // namespace reel3d
#endif
