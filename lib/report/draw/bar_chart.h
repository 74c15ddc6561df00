// Draws horizontal bars from 0 to 100 %, with intervals: one group of bars for each name.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/report/draw/svg.h"

namespace reel3d::report {

struct Bar {
  double share = 0;          // from 0 to 1
  double low = 0, high = 0;  // ends of the interval of `share`
};

struct BarGroup {
  std::string name;
  std::vector<std::optional<Bar>> bars;  // one for each series
};

struct BarChart {
  std::string x_name;
  std::vector<std::string> series;  // shown as a legend if there are several
  std::vector<BarGroup> groups;
};

Drawing DrawBarChart(const BarChart& chart);

}  // namespace reel3d::report
