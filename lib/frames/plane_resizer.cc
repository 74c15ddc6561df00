// SPDX-License-Identifier: Apache-2.0
#include "lib/frames/plane_resizer.h"

#include <algorithm>
#include <cmath>
#include <cstring>

// This file is compiled once for each set of vector instructions (hwy/foreach_target.h).
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lib/frames/plane_resizer.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "lib/frames/simd_ops-inl.h"

#ifndef REEL3D_PLANE_RESIZER_CC  // shared by all sets of instructions
#define REEL3D_PLANE_RESIZER_CC
namespace reel3d::jpeg {

constexpr int kWindowBytes = 16;
constexpr int kWeightBits = 7;

}  // namespace reel3d::jpeg
#endif

HWY_BEFORE_NAMESPACE();
namespace reel3d::jpeg::HWY_NAMESPACE {

// Computes the weighted sum of 4 or 8 rows of a plane, for the columns of `filter`.
HWY_NOINLINE void FilterRows(const Plane& plane, const PlaneFilter& filter, int output,
                             uint8_t* out) {
  const Bytes d;
  const SignedBytes ds;
  const Words dw;
  const PlaneTaps& taps = filter.rows;
  const auto at = static_cast<size_t>(output);
  const uint8_t* const top =
      plane.pixels.data() + static_cast<ptrdiff_t>(taps.first[at]) * plane.stride;
  const int8_t* const weight = taps.weight[at].data();
  const auto half = hn::Set(dw, 1 << (kWeightBits - 1));
  SignedByteVector pair_weights[kMaxTaps / 2];
  const int num_pairs = taps.num_groups * kTapsInGroup / 2;
  for (int pair = 0; pair < num_pairs; ++pair) {
    const int low = weight[2 * pair] & 0xFF;
    const int both = static_cast<int>(weight[2 * pair + 1]) * 256 | low;
    pair_weights[pair] = hn::BitCast(ds, hn::Set(dw, static_cast<int16_t>(both)));
  }
  for (int x = filter.begin; x < filter.end; x += static_cast<int>(hn::Lanes(d))) {
    auto low = half;
    auto high = half;
    for (int pair = 0; pair < num_pairs; ++pair) {
      const uint8_t* row = top + static_cast<ptrdiff_t>(2 * pair) * plane.stride + x;
      const ByteVector a = hn::LoadU(d, row);
      const ByteVector b = hn::LoadU(d, row + plane.stride);
      low = hn::Add(low, MultiplyAddPairs(hn::InterleaveLower(d, a, b), pair_weights[pair]));
      high = hn::Add(high, MultiplyAddPairs(hn::InterleaveUpper(d, a, b), pair_weights[pair]));
    }
    hn::StoreU(PackBytes(hn::ShiftRight<kWeightBits>(low), hn::ShiftRight<kWeightBits>(high)), d,
               out + x);
  }
}

// Loads a vector: its lower half from row + low, its upper half, if it has one, from row + high.
HWY_INLINE ByteVector LoadWindows(const uint8_t* row, int low, int high) {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
  const hn::Half<Bytes> half;
  return hn::Combine(Bytes(), hn::LoadU(half, row + high), hn::LoadU(half, row + low));
#else
  (void)high;
  return hn::LoadU(Bytes(), row + low);
#endif
}

// Computes kWordLanes outputs of `group`, from output `first` (0 or 8) on, in Q7.
HWY_INLINE WordVector FilterColumns(const uint8_t* row, const RowPlan::Group& group,
                                    int num_tap_groups, int first) {
  const Bytes d;
  const SignedBytes ds;
  const int side = first / 8;
  const auto sums = [&](int vector) HWY_ATTR {
    const auto low = static_cast<size_t>(2 * vector + side);
    const auto shuffle = hn::Load(d, group.shuffle[vector] + 16 * side);
    auto sum = hn::Zero(Words());
    for (int taps = 0; taps < num_tap_groups; ++taps) {
      const uint8_t* from = row + static_cast<ptrdiff_t>(kTapsInGroup) * taps;
      const ByteVector window =
          LoadWindows(from, group.window[low], group.window[static_cast<size_t>(2 * vector + 1)]);
      sum = hn::Add(sum, MultiplyAddPairs(hn::TableLookupBytes(window, shuffle),
                                          hn::Load(ds, group.weight[taps][vector] + 16 * side)));
    }
    return sum;
  };
  return AddPairs(sums(0), sums(1));
}

// Rounds Q6 values to bytes and stores them.
HWY_INLINE void StorePixels(WordVector q6, uint8_t* out) {
  const Words d;
  const hn::Rebind<uint8_t, Words> d8;
  hn::StoreU(hn::DemoteTo(d8, hn::ShiftRight<6>(hn::Add(q6, hn::Set(d, 32)))), d8, out);
}

// Converts YCbCr to RGB as JFIF defines it: R = Y + 1.402 Cr, G = Y - 0.344136 Cb - 0.714136 Cr,
// B = Y + 1.772 Cb. Inputs are in Q7.
HWY_INLINE void StoreRgb(WordVector y, WordVector cb, WordVector cr, uint8_t* out,
                         int64_t out_stride) {
  const Words d;
  const auto q15 = [&](double value)
                       HWY_ATTR { return hn::Set(d, static_cast<int16_t>(value * 32768 + 0.5)); };
  const auto zero = hn::Set(d, 128 << 6);
  // Values are in Q6 from here on, since 1.772 * 128 + 255 must fit 16 bits.
  y = hn::ShiftRight<1>(y);
  cb = hn::Sub(hn::ShiftRight<1>(cb), zero);
  cr = hn::Sub(hn::ShiftRight<1>(cr), zero);
  StorePixels(hn::Add(hn::Add(y, cr), hn::MulFixedPoint15(cr, q15(0.402))), out);
  StorePixels(hn::Sub(hn::Sub(y, hn::MulFixedPoint15(cb, q15(0.344136))),
                      hn::MulFixedPoint15(cr, q15(0.714136))),
              out + out_stride);
  StorePixels(hn::Add(hn::Add(y, cb), hn::MulFixedPoint15(cb, q15(0.772))), out + 2 * out_stride);
}

// `rows` points to room for one filtered row of each plane.
void ResizeSimd(const std::array<Plane, 3>& planes, const PlaneFilter& luma,
                const PlaneFilter& chroma, int size, const std::array<uint8_t*, 3>& rows,
                uint8_t* out, int64_t out_stride) {
  for (int line = 0; line < size; ++line) {
    for (size_t c = 0; c < 3; ++c) {
      FilterRows(planes[c], c == 0 ? luma : chroma, line, rows[c]);
    }
    uint8_t* pixels = out + static_cast<int64_t>(line) * size;
    for (size_t g = 0; g < luma.plan.groups.size(); ++g) {
      const RowPlan::Group& of_luma = luma.plan.groups[g];
      const RowPlan::Group& of_chroma = chroma.plan.groups[g];
      for (int first = 0; first < 16; first += kWordLanes) {
        StoreRgb(FilterColumns(rows[0], of_luma, luma.columns.num_groups, first),
                 FilterColumns(rows[1], of_chroma, chroma.columns.num_groups, first),
                 FilterColumns(rows[2], of_chroma, chroma.columns.num_groups, first),
                 pixels + 16 * g + first, out_stride);
      }
    }
  }
}

}  // namespace reel3d::jpeg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace reel3d::jpeg {

HWY_EXPORT(ResizeSimd);

namespace {

constexpr int kWeightSum = 1 << kWeightBits;

// Rounds real weights to integers that sum up to kWeightSum. A weight of 128 does not fit int8, so
// it becomes 127 and a neighbour becomes 1.
void RoundWeights(const std::array<double, kMaxTaps>& real, double sum,
                  std::array<int8_t, kMaxTaps>* weights) {
  std::array<int, kMaxTaps> rounded{};
  int total = 0;
  for (size_t k = 0; k < real.size(); ++k) {
    rounded[k] = static_cast<int>(std::lrint(real[k] / sum * kWeightSum));
    total += rounded[k];
  }
  const auto largest = std::max_element(rounded.begin(), rounded.end());
  *largest += kWeightSum - total;
  if (*largest == kWeightSum) {
    --*largest;
    ++*(largest == rounded.begin() ? largest + 1 : largest - 1);
  }
  std::copy(rounded.begin(), rounded.end(), weights->begin());
}

}  // namespace

bool PlaneTaps::Make(const AxisPlan& axis, int size, int count, bool flip) {
  const double ratio = axis.length / axis.resized;
  const double support = std::max(ratio, 1.0);
  constexpr double kTiny = 1e-6;  // samples
  const int lowest = std::max(0, static_cast<int>(std::floor(axis.begin + kTiny)));
  const int highest = std::min(size, static_cast<int>(std::ceil(axis.begin + axis.length - kTiny)));
  // Returns the first and the last sample of an output.
  const auto range = [&](int output) {
    const double centre = axis.begin + (axis.window + output + 0.5) * ratio - 0.5;
    const int from = std::max(lowest, static_cast<int>(std::floor(centre - support)) + 1);
    const int to = std::min(highest - 1, static_cast<int>(std::ceil(centre + support)) - 1);
    const int first_sample = std::min(from, highest - 1);
    return std::pair<int, int>(first_sample, std::max(to, first_sample));
  };
  if (count > kMaxOutput || highest <= lowest) {
    return false;
  }
  int most = 0;
  for (int output = 0; output < count; ++output) {
    const auto [from, to] = range(output);
    most = std::max(most, to - from + 1);
  }
  num_groups = most <= kTapsInGroup ? 1 : 2;
  const int num_taps = num_groups * kTapsInGroup;
  if (most > num_taps || size < num_taps) {
    return false;
  }
  for (int output = 0; output < count; ++output) {
    const auto [from, to] = range(output);
    const double centre = axis.begin + (axis.window + output + 0.5) * ratio - 0.5;
    const int start = std::min(from, size - num_taps);
    std::array<double, kMaxTaps> real{};
    double sum = 0;
    for (int k = from; k <= to; ++k) {
      const double weight_k = std::max(1e-9, 1 - std::abs(k - centre) / support);
      real[static_cast<size_t>(k - start)] = weight_k;
      sum += weight_k;
    }
    const auto place = static_cast<size_t>(flip ? count - 1 - output : output);
    first[place] = start;
    RoundWeights(real, sum, &weight[place]);
  }
  return true;
}

void Plane::Resize(int new_width, int new_height) {
  width = new_width;
  height = new_height;
  stride = (width + 31) / 32 * 32 + kRunOver;
  const size_t needed = static_cast<size_t>(stride) * static_cast<size_t>(height) + 64;
  if (pixels.size() < needed) {
    pixels.resize(needed);
  }
}

void RowPlan::Make(const PlaneTaps& taps, int count) {
  groups.resize(static_cast<size_t>(count) / 16);
  for (size_t g = 0; g < groups.size(); ++g) {
    Group& group = groups[g];
    for (size_t part = 0; part < 4; ++part) {  // 0, 1: first vector, low and high; 2, 3: second
      const size_t vector = part / 2;
      const size_t side = part % 2;
      const size_t output = 16 * g + 8 * side + 4 * vector;
      const auto begin = taps.first.begin() + static_cast<ptrdiff_t>(output);
      const int window = *std::min_element(begin, begin + 4);
      group.window[part] = window;
      for (size_t i = 0; i < 4; ++i) {
        for (size_t k = 0; k < kTapsInGroup; ++k) {
          const size_t at = 16 * side + 4 * i + k;
          group.shuffle[vector][at] =
              static_cast<uint8_t>(taps.first[output + i] - window + static_cast<int>(k));
          for (size_t tap_group = 0; tap_group < kMaxTapGroups; ++tap_group) {
            group.weight[tap_group][vector][at] =
                taps.weight[output + i][kTapsInGroup * tap_group + k];
          }
        }
      }
    }
  }
}

bool PlaneFilter::Make(const AxisPlan& horizontal, const AxisPlan& vertical, PlaneSize plane,
                       int size, bool flip) {
  if (!rows.Make(vertical, plane.height, size, /*flip=*/false) ||
      !columns.Make(horizontal, plane.width, size, flip)) {
    return false;
  }
  // Four neighbouring outputs read from one window.
  for (int output = 0; output + 4 <= size; output += 4) {
    const auto begin = columns.first.begin() + output;
    const auto [low, high] = std::minmax_element(begin, begin + 4);
    if (*high - *low + kTapsInGroup > kWindowBytes) {
      return false;
    }
  }
  plan.Make(columns, size);
  begin = 0;
  end = plane.width;
  return true;
}

void PlaneFilter::Move(int right, int down, int size) {
  if (right == 0 && down == 0) {
    return;
  }
  for (int output = 0; output < size; ++output) {
    columns.first[static_cast<size_t>(output)] += right;
    rows.first[static_cast<size_t>(output)] += down;
  }
  plan.Make(columns, size);
  begin += right;
  end += right;
}

void PlaneResizer::Resize(const std::array<Plane, 3>& planes, const PlaneFilter& luma,
                          const PlaneFilter& chroma, int size, uint8_t* out, int64_t out_stride) {
  std::array<uint8_t*, 3> rows{};
  for (size_t c = 0; c < 3; ++c) {
    rows_[c].resize(static_cast<size_t>(planes[c].stride) + kWindowBytes);
    rows[c] = rows_[c].data();
  }
  HWY_DYNAMIC_DISPATCH(ResizeSimd)(planes, luma, chroma, size, rows, out, out_stride);
}

}  // namespace reel3d::jpeg
#endif
