// SPDX-License-Identifier: Apache-2.0
#include "lib/frames/inverse_dct.h"

#include <algorithm>
#include <cmath>
#include <cstring>

// This file is compiled once for each set of vector instructions (hwy/foreach_target.h).
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lib/frames/inverse_dct.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "lib/frames/simd_ops-inl.h"

#ifndef REEL3D_INVERSE_DCT_CC  // shared by all sets of instructions
#define REEL3D_INVERSE_DCT_CC
namespace reel3d::jpeg {

// An N-point inverse DCT of the N lowest of 8 coefficients is
//   out[x] = sum over u of c(u) F(u) cos((2x + 1) u pi / 2N), c(0) = sqrt(1/2);
// kOutputShift holds the factor 1/2 that coefficients of 8 x 8 blocks need per dimension.
struct alignas(64) DctWeights {
  int16_t value[9][8][4][kBlocksAside];  // [N][u][x < (N + 1) / 2][every lane], Q15

  DctWeights() : value{} {
    const double pi = std::acos(-1.0);
    for (int n = 1; n <= 8; ++n) {
      for (int u = 0; u < n; ++u) {
        for (int x = 0; x < (n + 1) / 2; ++x) {
          const double weight = u == 0 ? std::sqrt(0.5) : std::cos((2 * x + 1) * u * pi / (2 * n));
          // The middle column of odd N has weights of exactly 1, which Q15 cannot represent.
          const auto q15 = static_cast<int16_t>(std::min(32767L, std::lrint(weight * 32768)));
          std::fill_n(value[n][u][x], kBlocksAside, q15);
        }
      }
    }
  }
};

inline const DctWeights& Weights() {
  static const DctWeights weights;
  return weights;
}

constexpr int kOutputShift = 5;  // kQuantScale (3) and the factor 1/4 of two dimensions (2)

}  // namespace reel3d::jpeg
#endif

HWY_BEFORE_NAMESPACE();
namespace reel3d::jpeg::HWY_NAMESPACE {

template <int N>
HWY_INLINE WordVector Term(const DctWeights& weights, WordVector coefficient, int u, int x) {
  return hn::MulFixedPoint15(coefficient, hn::Load(Words(), weights.value[N][u][x]));
}

// Even coefficients give the symmetric part of the output and odd coefficients the antisymmetric
// part, so N^2 / 2 products are enough.
template <int N>
HWY_INLINE void Transform1d(const DctWeights& weights, const WordVector (&in)[8],
                            WordVector (&out)[8]) {
  const WordVector mean = Term<N>(weights, in[0], 0, 0);
  HWY_UNROLL(4)
  for (int x = 0; x < (N + 1) / 2; ++x) {
    WordVector even = mean;
    HWY_UNROLL(4)
    for (int u = 2; u < N; u += 2) {
      even = hn::Add(even, Term<N>(weights, in[u], u, x));
    }
    if (2 * x + 1 == N) {
      out[x] = even;
      continue;
    }
    WordVector odd = hn::Zero(Words());
    HWY_UNROLL(4)
    for (int u = 1; u < N; u += 2) {
      odd = hn::Add(odd, Term<N>(weights, in[u], u, x));
    }
    out[x] = hn::Add(even, odd);
    out[N - 1 - x] = hn::Sub(even, odd);
  }
}

// Stores the block of lanes 0-7 at `upper` and the block of lanes 8-15, if there is one, at
// `lower`.
HWY_INLINE void StoreBlocks(ByteVector bytes, uint8_t* upper, uint8_t* lower) {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
  const hn::Half<Bytes> half;
  hn::StoreU(hn::LowerHalf(half, bytes), half, upper);
  hn::StoreU(hn::UpperHalf(half, bytes), half, lower);
#else
  (void)lower;
  hn::StoreU(bytes, Bytes(), upper);
#endif
}

// Stores one row of N pixels of each of eight blocks. `packed` has `Piece` >= N bytes per block;
// the next block overwrites the excess.
template <int N, int Piece>
HWY_INLINE void StorePieces(uint8_t* to, const uint8_t* packed) {
  for (int block = 0; block < 8; ++block) {
    std::memcpy(to + static_cast<ptrdiff_t>(N) * block,
                packed + static_cast<ptrdiff_t>(Piece) * block, Piece);
  }
}

// Stores one row of pixels of all blocks; a[x] holds column x of each block.
template <int N>
HWY_INLINE void StoreRow4(const WordVector (&a)[8], uint8_t* upper, uint8_t* lower) {
  const Bytes d8;
  const hn::RepartitionToWide<Bytes> d16;
  const ByteVector p02 = PackBytes(a[0], a[2]);
  const ByteVector p13 = PackBytes(a[1], a[3]);
  const auto p01 = hn::BitCast(d16, hn::InterleaveLower(d8, p02, p13));
  const auto p23 = hn::BitCast(d16, hn::InterleaveUpper(d8, p02, p13));
  const ByteVector quads[2] = {hn::BitCast(d8, hn::InterleaveLower(d16, p01, p23)),
                               hn::BitCast(d8, hn::InterleaveUpper(d16, p01, p23))};
  if (N == 4) {
    for (int i = 0; i < 2; ++i) {
      StoreBlocks(quads[i], upper + 16 * i, lower + 16 * i);
    }
    return;
  }
  alignas(32) uint8_t packed[2][32];
  for (int i = 0; i < 2; ++i) {
    StoreBlocks(quads[i], packed[0] + 16 * i, packed[1] + 16 * i);
  }
  StorePieces<N, 4>(upper, packed[0]);
  if (kWordLanes == 16) {
    StorePieces<N, 4>(lower, packed[1]);
  }
}

template <int N>
HWY_INLINE void StoreRow8(const WordVector (&a)[8], uint8_t* upper, uint8_t* lower) {
  const Bytes d8;
  const hn::RepartitionToWide<Bytes> d16;
  const hn::RepartitionToWide<decltype(d16)> d32;
  const ByteVector p04 = PackBytes(a[0], a[4]);
  const ByteVector p15 = PackBytes(a[1], a[5]);
  const ByteVector p26 = PackBytes(a[2], a[6]);
  const ByteVector p37 = PackBytes(a[3], a[7]);
  const auto p01 = hn::BitCast(d16, hn::InterleaveLower(d8, p04, p15));
  const auto p45 = hn::BitCast(d16, hn::InterleaveUpper(d8, p04, p15));
  const auto p23 = hn::BitCast(d16, hn::InterleaveLower(d8, p26, p37));
  const auto p67 = hn::BitCast(d16, hn::InterleaveUpper(d8, p26, p37));
  const auto left03 = hn::BitCast(d32, hn::InterleaveLower(d16, p01, p23));
  const auto right03 = hn::BitCast(d32, hn::InterleaveUpper(d16, p01, p23));
  const auto left47 = hn::BitCast(d32, hn::InterleaveLower(d16, p45, p67));
  const auto right47 = hn::BitCast(d32, hn::InterleaveUpper(d16, p45, p67));
  const ByteVector pairs[4] = {hn::BitCast(d8, hn::InterleaveLower(d32, left03, left47)),
                               hn::BitCast(d8, hn::InterleaveUpper(d32, left03, left47)),
                               hn::BitCast(d8, hn::InterleaveLower(d32, right03, right47)),
                               hn::BitCast(d8, hn::InterleaveUpper(d32, right03, right47))};
  if (N == 8) {
    for (int i = 0; i < 4; ++i) {
      StoreBlocks(pairs[i], upper + 16 * i, lower + 16 * i);
    }
    return;
  }
  alignas(32) uint8_t packed[2][64];
  for (int i = 0; i < 4; ++i) {
    StoreBlocks(pairs[i], packed[0] + 16 * i, packed[1] + 16 * i);
  }
  StorePieces<N, 8>(upper, packed[0]);
  if (kWordLanes == 16) {
    StorePieces<N, 8>(lower, packed[1]);
  }
}

// Transforms kWordLanes blocks, from lane `first` on.
template <int N>
HWY_INLINE void TransformBlocks(const BlockGroup& group, int first, const QuantSteps& steps,
                                uint8_t* upper, uint8_t* lower, ptrdiff_t stride) {
  const Words d;
  const DctWeights& weights = Weights();
  WordVector columns[8][8];  // [y][u] after the vertical pass
  for (int u = 0; u < N; ++u) {
    WordVector in[8];
    WordVector out[8];
    HWY_UNROLL(8)
    for (int v = 0; v < N; ++v) {
      const int k = 8 * v + u;
      in[v] =
          hn::Mul(hn::Load(d, group.value[k] + first), hn::Set(d, steps[static_cast<size_t>(k)]));
    }
    Transform1d<N>(weights, in, out);
    HWY_UNROLL(8)
    for (int y = 0; y < N; ++y) {
      columns[y][u] = out[y];
    }
  }
  const auto bias = hn::Set(d, (128 << kOutputShift) + (1 << (kOutputShift - 1)));
  for (int y = 0; y < N; ++y) {
    WordVector out[8];
    for (WordVector& column : out) {
      column = hn::Zero(d);
    }
    Transform1d<N>(weights, columns[y], out);
    HWY_UNROLL(8)
    for (int x = 0; x < N; ++x) {
      out[x] = hn::ShiftRight<kOutputShift>(hn::Add(out[x], bias));
    }
    if constexpr (N <= 4) {
      StoreRow4<N>(out, upper + y * stride, lower + y * stride);
    } else {
      StoreRow8<N>(out, upper + y * stride, lower + y * stride);
    }
  }
}

template <int N>
void Transform(const BlockGroup& group, const QuantSteps& steps, uint8_t* upper, uint8_t* lower,
               ptrdiff_t stride) {
  TransformBlocks<N>(group, 0, steps, upper, lower, stride);
  if (kWordLanes == 8) {
    TransformBlocks<N>(group, 8, steps, lower, lower, stride);
  }
}

void InverseTransformSimd(int size, const BlockGroup& group, const QuantSteps& steps,
                          uint8_t* upper, uint8_t* lower, ptrdiff_t stride) {
  using Function = void (*)(const BlockGroup&, const QuantSteps&, uint8_t*, uint8_t*, ptrdiff_t);
  static constexpr Function kBySize[9] = {nullptr,      Transform<1>, Transform<2>,
                                          Transform<3>, Transform<4>, Transform<5>,
                                          Transform<6>, Transform<7>, Transform<8>};
  kBySize[size](group, steps, upper, lower, stride);
}

}  // namespace reel3d::jpeg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace reel3d::jpeg {

HWY_EXPORT(InverseTransformSimd);

void InverseTransform(int size, const BlockGroup& group, const QuantSteps& steps, uint8_t* upper,
                      uint8_t* lower, ptrdiff_t stride) {
  HWY_DYNAMIC_DISPATCH(InverseTransformSimd)(size, group, steps, upper, lower, stride);
}

void ClearGroup(int size, BlockGroup* group) {
  for (int v = 0; v < size; ++v) {
    std::memset(group->value[8 * v], 0, sizeof group->value[0] * static_cast<size_t>(size));
  }
}

}  // namespace reel3d::jpeg
#endif
