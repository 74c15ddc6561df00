// SPDX-License-Identifier: Apache-2.0
#include "lib/frames/resize.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "lib/base/error.h"

namespace reel3d {
namespace {

constexpr int kWeightBits = 22;
constexpr int kChannels = 4;  // R, G, B, X

// Eight 32-bit numbers: an AVX2 register, or two of SSE or NEON.
using Lanes = int32_t __attribute__((vector_size(32)));
using PixelLanes = int32_t __attribute__((vector_size(16)));
constexpr int kLanes = 8;

constexpr int32_t kHalf = int32_t{1} << (kWeightBits - 1);

// The compiler builds these loops twice, and the faster version is chosen when the program starts.
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
#define REEL3D_CLONES [[gnu::target_clones("avx2", "default")]]
#else
#define REEL3D_CLONES
#endif

// Computes sums += bytes * weights. The bytes pass through an array, because compilers widen a loop
// well and __builtin_convertvector badly.
[[gnu::always_inline]] inline void MultiplyAdd(const uint8_t* bytes, const Lanes& weights,
                                               Lanes* sums) {
  int32_t wide[kLanes];
  for (int lane = 0; lane < kLanes; ++lane) {
    wide[lane] = bytes[lane];
  }
  Lanes values;
  std::memcpy(&values, wide, sizeof values);
  *sums += values * weights;
}

// Filters one row: each output pixel is num_pairs pairs of neighbouring RGBX pixels times their
// weights. The sums are not yet rounded.
REEL3D_CLONES void FilterColumns(const uint8_t* rgbx, const std::vector<int>& sources,
                                 const int32_t* weights, int num_pairs, int32_t* out,
                                 int out_step) {
  for (const int source : sources) {
    const uint8_t* pixels = rgbx + static_cast<ptrdiff_t>(source) * kChannels;
    Lanes sums = {};
    for (int pair = 0; pair < num_pairs; ++pair) {
      Lanes pair_weights;
      std::memcpy(&pair_weights, weights, sizeof pair_weights);
      MultiplyAdd(pixels, pair_weights, &sums);
      pixels += kLanes;
      weights += kLanes;
    }
    PixelLanes halves[2];
    std::memcpy(halves, &sums, sizeof sums);
    halves[0] += halves[1];
    std::memcpy(out, halves, sizeof halves[0]);
    out += out_step;
  }
}

// Makes one output row: the weighted sum of num_taps filtered rows of row_bytes, not yet rounded.
REEL3D_CLONES void FilterRows(const uint8_t* rows, int row_bytes, const int32_t* weights,
                              int num_taps, int32_t* out) {
  for (int byte = 0; byte < row_bytes; byte += kLanes) {
    Lanes sums = {};
    for (int tap = 0; tap < num_taps; ++tap) {
      MultiplyAdd(rows + static_cast<ptrdiff_t>(tap) * row_bytes + byte, Lanes{} + weights[tap],
                  &sums);
    }
    std::memcpy(out + byte, &sums, sizeof sums);
  }
}

REEL3D_CLONES void Round(const int32_t* sums, int count, uint8_t* out) {
  for (int i = 0; i < count; ++i) {
    out[i] = static_cast<uint8_t>((sums[i] + kHalf) >> kWeightBits);
  }
}

REEL3D_CLONES void RoundToPlanes(const int32_t* sums, int num_pixels, uint8_t* red, uint8_t* green,
                                 uint8_t* blue) {
  for (ptrdiff_t i = 0; i < num_pixels; ++i) {
    red[i] = static_cast<uint8_t>((sums[i * kChannels] + kHalf) >> kWeightBits);
    green[i] = static_cast<uint8_t>((sums[i * kChannels + 1] + kHalf) >> kWeightBits);
    blue[i] = static_cast<uint8_t>((sums[i * kChannels + 2] + kHalf) >> kWeightBits);
  }
}

}  // namespace

FilterTaps MakeFilterTaps(int begin, int length, int resized_length, int window_begin,
                          int window_length) {
  const double scale = static_cast<double>(length) / resized_length;
  const double support = std::max(1.0, scale);
  FilterTaps taps;
  taps.max_taps = static_cast<int>(std::ceil(support)) * 2 + 1;
  taps.weights.resize(static_cast<size_t>(window_length) * taps.max_taps);
  std::vector<double> weights(static_cast<size_t>(taps.max_taps));
  for (int i = 0; i < window_length; ++i) {
    const double center = (window_begin + i + 0.5) * scale;
    const int low = std::max(0, static_cast<int>(std::floor(center - support + 0.5)));
    const int high = std::min(length, static_cast<int>(std::floor(center + support + 0.5)));
    double total = 0;
    for (int k = 0; k < high - low; ++k) {
      const double distance = std::abs((k + low - center + 0.5) * (1.0 / support));
      weights[k] = std::max(0.0, 1.0 - distance);
      total += weights[k];
    }
    taps.first.push_back(begin + low);
    taps.count.push_back(high - low);
    for (int k = 0; k < high - low; ++k) {
      taps.weights[static_cast<size_t>(i) * taps.max_taps + k] =
          static_cast<int32_t>(std::floor(weights[k] / total * (1 << kWeightBits) + 0.5));
    }
  }
  return taps;
}

void CropResizer::Prepare(const CropPlan& plan) {
  const bool region_fits = plan.x >= 0 && plan.y >= 0 && plan.width > 0 && plan.height > 0 &&
                           plan.x <= plan.frame.width - plan.width &&
                           plan.y <= plan.frame.height - plan.height;
  const bool window_fits = plan.window_x >= 0 && plan.window_y >= 0 && plan.size > 0 &&
                           plan.window_x <= plan.resized_width - plan.size &&
                           plan.window_y <= plan.resized_height - plan.size;
  REEL3D_CHECK(region_fits && window_fits);
  size_ = plan.size;
  row_taps_ = MakeFilterTaps(plan.y, plan.height, plan.resized_height, plan.window_y, size_);
  first_row_ = row_taps_.first.front();
  end_row_ = row_taps_.first.back() + row_taps_.count.back();

  const FilterTaps taps =
      MakeFilterTaps(plan.x, plan.width, plan.resized_width, plan.window_x, size_);
  first_column_ = taps.first.front();
  end_column_ = taps.first.back() + taps.count.back();
  flip_ = plan.flip;
  SetColumns(taps);
  // A row with an odd number of pixels is filtered one pixel further.
  row_bytes_ = (size_ + 1) / 2 * kLanes;
  filtered_.resize(static_cast<size_t>(end_row_ - first_row_) * row_bytes_);
  sums_.resize(static_cast<size_t>(row_bytes_));
}

void CropResizer::SetColumns(const FilterTaps& taps) {
  const int most_taps = *std::max_element(taps.count.begin(), taps.count.end());
  column_pairs_ = (most_taps + 1) / 2;
  column_sources_.clear();
  column_weights_.assign(static_cast<size_t>(size_) * column_pairs_ * kLanes, 0);
  for (int i = 0; i < size_; ++i) {
    // All columns read the same number of pixels, so those near the right edge start further left.
    const int first =
        std::max(first_column_, std::min(taps.first[i], end_column_ - 2 * column_pairs_));
    column_sources_.push_back(first - first_column_);
    const size_t first_weight = static_cast<size_t>(i) * column_pairs_ * 2 + taps.first[i] - first;
    for (int k = 0; k < taps.count[i]; ++k) {
      std::fill_n(column_weights_.data() + (first_weight + k) * kChannels, kChannels,
                  taps.weights[static_cast<size_t>(i) * taps.max_taps + k]);
    }
  }
}

void CropResizer::AddRow(int row, const uint8_t* rgbx) {
  FilterColumns(rgbx, column_sources_, column_weights_.data(), column_pairs_,
                sums_.data() + (flip_ ? (size_ - 1) * kChannels : 0),
                flip_ ? -kChannels : kChannels);
  Round(sums_.data(), size_ * kChannels, FilteredRow(row));
}

void CropResizer::Finish(uint8_t* planes, int64_t plane_stride) {
  for (int y = 0; y < size_; ++y) {
    FilterRows(FilteredRow(row_taps_.first[y]), row_bytes_,
               row_taps_.weights.data() + static_cast<ptrdiff_t>(y) * row_taps_.max_taps,
               row_taps_.count[y], sums_.data());
    uint8_t* red = planes + static_cast<ptrdiff_t>(y) * size_;
    RoundToPlanes(sums_.data(), size_, red, red + plane_stride, red + 2 * plane_stride);
  }
}

}  // namespace reel3d
