// Measures in which parts of the videos a network fails: top-1 of slices, such as short videos or
// those of one source. The test corrects for the number of slices, so chance seldom makes a slice
// stand out. Pure arithmetic.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/eval/interval.h"

namespace reel3d {

// The column of a table of measure-videos that states which shards were measured, in each row. It
// is no property of a video, so videos are never grouped by it.
constexpr const char* kFingerprintColumn = "data_fingerprint";

// A property of videos.
struct SliceColumn {
  std::string name;
  std::vector<std::string> values;  // of each video; "": not known
};

enum class ValueKind {
  kUnknown,  // ""
  kNumber,
  kNotFinite,  // a number such as "nan", "inf" or "1e999"
  kText,
};
ValueKind KindOf(const std::string& value);

struct Slice {
  std::string column, value;  // value: a text, a number, or a range of numbers
  int64_t num_videos = 0, num_right = 0;
  Interval top1_interval;  // 95 %, Wilson
  // Exact binomial test of whether the slice is right as often as all videos together (twice the
  // smaller tail, as in Clopper and Pearson's interval). Adjusted: for the number of slices (Holm).
  double p_value = 1, adjusted_p_value = 1;

  double Top1() const;
  bool StandsOut() const { return adjusted_p_value < 0.05; }
};

// Returns whether each video has a text of its own, such as its path.
bool NamesEachVideo(const SliceColumn& column);

// Cuts the videos by each column. A column whose values are all numbers is cut at its quartiles if
// it has more than 8 different ones, else each number is a slice. In a column of texts, each of the
// 50 most frequent is a slice, and the others are the slice "(other)". Videos without a value are
// the slice "(none)". A column with one value gives no slice, nor does one with more than 50 texts
// that are more than half as many as the videos. Numbers are written so that different ones read
// differently.
//
// `is_right` has an entry for each video, as each column has. Slices come in the order of columns,
// then by rising value.
std::vector<Slice> MeasureSlices(const std::vector<bool>& is_right,
                                 const std::vector<SliceColumn>& columns);

}  // namespace reel3d
