// Resizes as the Python Imaging Library (PIL) does with BILINEAR, exact to the last bit. The
// triangle filter is widened by the reduction (so it does not alias) and has 22-bit fixed-point
// weights. The resizer filters horizontally, rounds to bytes, then filters vertically. The
// reference code resizes in this way; plain two-tap bilinear gives other pictures.
//
// This is not a general resizer: it takes the rows of one frame and makes the planes of one clip
// frame, as a CropPlan describes. A test compares it with PIL (tests/golden/make_clip_golden.py).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "lib/data/crop_plan.h"

namespace reel3d {

// The input samples and weights of each output sample along one axis. Output i is the sum over k of
// weights[i * max_taps + k] * input[first[i] + k], rounded, divided by 2^22. Weights past an
// output's own count[i] taps are 0.
struct FilterTaps {
  int max_taps = 0;
  std::vector<int> first;
  std::vector<int> count;
  std::vector<int32_t> weights;
};

// Returns the taps of a resize of the `length` samples from `begin` on to `resized_length` outputs,
// for the `window_length` outputs from `window_begin` on.
FilterTaps MakeFilterTaps(int begin, int length, int resized_length, int window_begin,
                          int window_length);

// Use one resizer per thread; it keeps its buffers.
class CropResizer {
 public:
  // Bytes past a row's last needed pixel that AddRow may read and ignore.
  static constexpr int kRowPadding = 4;

  // Prepares for frames of this plan. A plan that reaches outside its frame is an internal error.
  void Prepare(const CropPlan& plan);

  // The part of the frame that influences the result: rows and columns [first, end).
  int first_row() const { return first_row_; }
  int end_row() const { return end_row_; }
  int first_column() const { return first_column_; }
  int end_column() const { return end_column_; }

  // Adds frame row `row`. Call it once for each row of first_row() .. end_row()-1, in any order.
  // `rgbx` holds 4 bytes per pixel (the fourth is ignored) from first_column() to end_column(),
  // plus kRowPadding bytes.
  void AddRow(int row, const uint8_t* rgbx);

  // Writes size x size red bytes at `planes`, green at plane_stride behind red, blue at
  // plane_stride behind green.
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
  // Each output column is made of column_pairs_ pairs of neighbouring pixels. Each weight of a pair
  // is stored 4 times: for R, G, B and X.
  int column_pairs_ = 0;
  std::vector<int> column_sources_;  // in pixels from first_column_
  std::vector<int32_t> column_weights_;
  int row_bytes_ = 0;              // size_ RGBX pixels, rounded up to complete vectors
  std::vector<uint8_t> filtered_;  // the needed rows after the horizontal filter
  std::vector<int32_t> sums_;      // one row, before rounding
};

}  // namespace reel3d
