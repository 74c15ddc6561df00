// SPDX-License-Identifier: Apache-2.0
#include "bench/rgbx_resize.h"

#include <immintrin.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <vector>

namespace reel3d::bench {
namespace {

constexpr int kOne = 128;  // the sum of both weights

// Output i lies between the samples `first` and `second`.
struct TwoTaps {
  int first, second, weight_of_second;

  TwoTaps(double begin, double length, int size, int output, int i) {
    const double at = std::clamp(begin + (i + 0.5) * length / output - 0.5, 0.0, size - 1.0);
    first = static_cast<int>(at);
    second = std::min(first + 1, size - 1);
    weight_of_second = static_cast<int>(std::lrint((at - first) * kOne));
  }
};

struct ColumnTaps {
  alignas(32) std::array<int, kMaxRgbxOutput> first, second;
  alignas(32) std::array<int16_t, size_t{4} * kMaxRgbxOutput> weight;  // each 4 times: R G B X
};

ColumnTaps MakeColumns(const RgbxImage& image, const SquareCrop& crop, int output, bool flip) {
  ColumnTaps columns;
  for (int i = 0; i < output; ++i) {
    const TwoTaps taps(crop.x, crop.side, image.width, output, flip ? output - 1 - i : i);
    const auto at = static_cast<size_t>(i);
    columns.first[at] = taps.first;
    columns.second[at] = taps.second;
    std::fill_n(columns.weight.begin() + 4 * i, 4, static_cast<int16_t>(taps.weight_of_second));
  }
  return columns;
}

__m256i Load(const void* from) { return _mm256_loadu_si256(static_cast<const __m256i*>(from)); }

// Mixes the bytes [begin, end) of two rows into one row.
void MixRows(const uint8_t* upper, const uint8_t* lower, int weight, ptrdiff_t begin, ptrdiff_t end,
             uint8_t* row) {
  // Weights are signed bytes, so 128 is impossible.
  const int of_lower = std::min(weight, kOne - 1);
  if (of_lower == 0) {
    std::memcpy(row + begin, upper + begin, static_cast<size_t>(end - begin));
    return;
  }
  const __m256i weights =
      _mm256_set1_epi16(static_cast<int16_t>(of_lower << 8 | (kOne - of_lower)));
  const __m256i half = _mm256_set1_epi16(kOne / 2);
  const auto mixed = [&](__m256i pairs) {
    return _mm256_srli_epi16(_mm256_add_epi16(_mm256_maddubs_epi16(pairs, weights), half), 7);
  };
  for (ptrdiff_t at = begin; at < end; at += 32) {
    const __m256i a = Load(upper + at);
    const __m256i b = Load(lower + at);
    const __m256i mix =
        _mm256_packus_epi16(mixed(_mm256_unpacklo_epi8(a, b)), mixed(_mm256_unpackhi_epi8(a, b)));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(row + at), mix);
  }
}

__m256i Mix(__m256i a, __m256i b, __m256i weight) {
  const __m256i part = _mm256_mullo_epi16(_mm256_sub_epi16(b, a), weight);
  return _mm256_add_epi16(
      a, _mm256_srai_epi16(_mm256_add_epi16(part, _mm256_set1_epi16(kOne / 2)), 7));
}

// Computes eight pixels of a row, as 8 bytes of each colour.
void MixColumns(const int* row, const ColumnTaps& columns, int x, uint8_t* out,
                int64_t out_stride) {
  const __m256i deinterleave = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
  const __m256i zero = _mm256_setzero_si256();
  const __m256i a = _mm256_i32gather_epi32(row, Load(columns.first.data() + x), 4);
  const __m256i b = _mm256_i32gather_epi32(row, Load(columns.second.data() + x), 4);
  const __m256i weight_a = Load(columns.weight.data() + ptrdiff_t{4} * x);
  const __m256i weight_b = Load(columns.weight.data() + ptrdiff_t{4} * x + 16);
  const __m256i low = Mix(_mm256_unpacklo_epi8(a, zero), _mm256_unpacklo_epi8(b, zero),
                          _mm256_permute2x128_si256(weight_a, weight_b, 0x20));
  const __m256i high = Mix(_mm256_unpackhi_epi8(a, zero), _mm256_unpackhi_epi8(b, zero),
                           _mm256_permute2x128_si256(weight_a, weight_b, 0x31));
  const __m256i planes =
      _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(_mm256_packus_epi16(low, high), deinterleave),
                                  _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
  alignas(32) std::array<uint64_t, 4> bytes;
  _mm256_store_si256(reinterpret_cast<__m256i*>(bytes.data()), planes);
  for (size_t color = 0; color < 3; ++color) {
    std::memcpy(out + static_cast<int64_t>(color) * out_stride + x, &bytes[color], 8);
  }
}

}  // namespace

void ResizeRgbx(const RgbxImage& image, const SquareCrop& crop, int output, bool flip, uint8_t* out,
                int64_t out_stride) {
  const ColumnTaps columns = MakeColumns(image, crop, output, flip);
  static thread_local std::vector<uint8_t> row;
  const ptrdiff_t stride = ptrdiff_t{4} * image.width;
  row.resize(static_cast<size_t>(stride) + kRgbxSlack);
  const ptrdiff_t begin = ptrdiff_t{4} * std::max(0, static_cast<int>(crop.x) - 1);
  const ptrdiff_t end =
      ptrdiff_t{4} * std::min(image.width, static_cast<int>(std::ceil(crop.x + crop.side)) + 2);
  for (int y = 0; y < output; ++y) {
    const TwoTaps taps(crop.y, crop.side, image.height, output, y);
    MixRows(image.pixels + taps.first * stride, image.pixels + taps.second * stride,
            taps.weight_of_second, begin, end, row.data());
    for (int x = 0; x < output; x += 8) {
      MixColumns(reinterpret_cast<const int*>(row.data()), columns, x,
                 out + static_cast<ptrdiff_t>(y) * output, out_stride);
    }
  }
}

}  // namespace reel3d::bench
