// Draws counts by row and column as shades: a confusion matrix. A cell's shade is its share of its
// row. Up to kMostNamed names stand beside the cells, and the counts in the cells. With more names
// there are only shades: cells of equal shade are one path, so that 400 classes make a small file.
// The page's script then says the names of the cell under the mouse.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/report/draw/svg.h"

namespace reel3d::report {

constexpr size_t kMostNamed = 20;

struct HeatCell {
  size_t row = 0, column = 0;
  int64_t count = 0;
};

struct HeatMap {
  std::string row_name, column_name;
  std::vector<std::string> names;  // of rows and columns
  std::vector<HeatCell> cells;     // only counts above 0, by row, then column
};

Drawing DrawHeatMap(const HeatMap& map);

// Returns the shade of a share of a row, from 1 to kNumShades; 0 if the share is 0.
int ShadeOf(double share);

// Draws the shades with the largest share of each, after `words`. Returns the height.
double DrawShades(const std::string& words, double top, Svg* svg);

}  // namespace reel3d::report
