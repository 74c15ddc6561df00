// The bilinear resize of the Python Imaging Library, to the last bit: a triangle filter as wide as
// the reduction (so it does not alias), 22-bit fixed-point weights, columns first, rounded to
// bytes, then rows. The reference code resizes so, and plain two-tap bilinear gives other pictures.
//
// Not a general resizer: it takes the rows of one frame in order and makes the planes of one clip
// frame, as a CropPlan says. Exactness is tested against PIL (tests/golden/make_clip_golden.py).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "lib/data/crop_plan.h"

namespace reel3d {

// Which input samples make each output sample of one axis. Output i is the sum over k of
// weights[i * max_taps + k] * input[first[i] + k], rounded, divided by 2^22. Weights past an
// output's own taps are 0.
struct FilterTaps {
  int max_taps = 0;
  std::vector<int> first;
  std::vector<int> count;
  std::vector<int32_t> weights;
};

// `length` samples from `begin` on become `resized_length`, of which the `window_length` outputs
// from `window_begin` on are wanted.
FilterTaps MakeFilterTaps(int begin, int length, int resized_length, int window_begin,
                          int window_length);

// One per thread; keeps its buffers.
class CropResizer {
 public:
  // Bytes past a row's last needed pixel that AddRow may read and ignore.
  static constexpr int kRowPadding = 4;

  // Starts on clips of this plan. A plan that reaches outside its frame is a bug.
  void Prepare(const CropPlan& plan);

  // The part of the frame that has any influence: rows and columns [first, end).
  int first_row() const { return first_row_; }
  int end_row() const { return end_row_; }
  int first_column() const { return first_column_; }
  int end_column() const { return end_column_; }

  // Frame row `row`, each of first_row() .. end_row()-1 once in any order. `rgbx`: 4 bytes a pixel
  // (the fourth is ignored) from first_column() to end_column(), plus kRowPadding.
  void AddRow(int row, const uint8_t* rgbx);

  // Writes size x size red bytes at `planes`, green plane_stride later, then blue.
  void Finish(uint8_t* planes, int64_t plane_stride);

 private:
  void SetColumns(const FilterTaps& taps);
  uint8_t* FilteredRow(int row) {
    return filtered_.data() + static_cast<int64_t>(row - first_row_) * row_bytes_;
  }

  int size_ = 0;
  bool flip_ = false;
  int first_row_ = 0, end_row_ = 0, first_column_ = 0, end_column_ = 0;
  FilterTaps row_taps_;
  // Each output column is made of column_pairs_ pairs of neighbouring pixels. A pair's weights
  // stand 4 times each, for R, G, B and X.
  int column_pairs_ = 0;
  std::vector<int> column_sources_;  // pixels from first_column_
  std::vector<int32_t> column_weights_;
  int row_bytes_ = 0;              // of size_ RGBX pixels, rounded up to whole vectors
  std::vector<uint8_t> filtered_;  // needed rows, columns done
  std::vector<int32_t> sums_;      // one row, before rounding
};

}  // namespace reel3d
