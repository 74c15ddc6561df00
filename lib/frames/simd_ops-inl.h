// Defines three operations on bytes that Highway lacks, for each set of instructions. Sources that
// are compiled for several sets include this file (hwy/foreach_target.h). Vectors are at most 256
// bits wide.
// SPDX-License-Identifier: Apache-2.0
#if defined(REEL3D_SIMD_OPS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef REEL3D_SIMD_OPS_INL_H
#undef REEL3D_SIMD_OPS_INL_H
#else
#define REEL3D_SIMD_OPS_INL_H
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace reel3d::jpeg::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Bytes = hn::CappedTag<uint8_t, 32>;
using SignedBytes = hn::RebindToSigned<Bytes>;
using Words = hn::CappedTag<int16_t, 16>;
using ByteVector = hn::Vec<Bytes>;
using SignedByteVector = hn::Vec<SignedBytes>;
using WordVector = hn::Vec<Words>;
constexpr int kWordLanes = static_cast<int>(hn::MaxLanes(Words()));  // 8 or 16

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL

HWY_INLINE ByteVector PackBytes(WordVector a, WordVector b) {
  return ByteVector{_mm256_packus_epi16(a.raw, b.raw)};
}
HWY_INLINE WordVector MultiplyAddPairs(ByteVector a, SignedByteVector b) {
  return WordVector{_mm256_maddubs_epi16(a.raw, b.raw)};
}
HWY_INLINE WordVector AddPairs(WordVector a, WordVector b) {
  return WordVector{_mm256_hadd_epi16(a.raw, b.raw)};
}

#elif HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SSE4

HWY_INLINE ByteVector PackBytes(WordVector a, WordVector b) {
  return ByteVector{_mm_packus_epi16(a.raw, b.raw)};
}
HWY_INLINE WordVector MultiplyAddPairs(ByteVector a, SignedByteVector b) {
  return WordVector{_mm_maddubs_epi16(a.raw, b.raw)};
}
HWY_INLINE WordVector AddPairs(WordVector a, WordVector b) {
  return WordVector{_mm_hadd_epi16(a.raw, b.raw)};
}

#else

// Returns, in each block of 128 bits, the words of `a`, then those of `b`, clamped to 0 .. 255.
HWY_INLINE ByteVector PackBytes(WordVector a, WordVector b) {
  const hn::Half<Bytes> half;
  return hn::Combine(Bytes(), hn::DemoteTo(half, b), hn::DemoteTo(half, a));
}
// Returns a[2i] * b[2i] + a[2i + 1] * b[2i + 1], which must fit 16 bits.
HWY_INLINE WordVector MultiplyAddPairs(ByteVector a, SignedByteVector b) {
  const Words d;
  const hn::RebindToUnsigned<Words> du;
  const auto a_words = hn::BitCast(du, a);
  const auto b_words = hn::BitCast(d, b);
  const auto a_even = hn::BitCast(d, hn::And(a_words, hn::Set(du, 0xFF)));
  const auto a_odd = hn::BitCast(d, hn::ShiftRight<8>(a_words));
  const auto b_even = hn::ShiftRight<8>(hn::ShiftLeft<8>(b_words));
  const auto b_odd = hn::ShiftRight<8>(b_words);
  return hn::Add(hn::Mul(a_even, b_even), hn::Mul(a_odd, b_odd));
}
// Returns, in each block of 128 bits, the sums of neighbours in `a`, then of those in `b`.
HWY_INLINE WordVector AddPairs(WordVector a, WordVector b) {
  const Words d;
  return hn::Add(hn::ConcatEven(d, b, a), hn::ConcatOdd(d, b, a));
}

#endif

}  // namespace reel3d::jpeg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // once for each target
