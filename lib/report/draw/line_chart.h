// Draws lines over a common axis, such as losses over epochs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lib/report/draw/axis.h"
#include "lib/report/draw/svg.h"

namespace reel3d::report {

struct Point {
  double x = 0, y = 0;
};

struct ChartLine {
  std::string name;
  int color = 0;  // index into the colours of style.h, which repeat
  bool is_dashed = false;
  std::vector<Point> points;  // rising x, all finite
};

struct LineChart {
  std::string x_name, y_name;
  Scale x_scale = Scale::kLinear, y_scale = Scale::kLinear;
  bool y_from_zero = false;
  bool has_diagonal = false;  // also draws the line on which y is x, where both axes are per cent
  std::vector<ChartLine> lines;
};

// Thins a line of more than 400 points: cuts it into 100 parts, and keeps the first, lowest,
// highest and last point of each. A line of at most 80 points has dots that show their values under
// the mouse; a longer one has 80 places that show theirs.
Drawing DrawLineChart(const LineChart& chart);

// Returns true if some line has a point.
bool HasPoints(const LineChart& chart);

}  // namespace reel3d::report
