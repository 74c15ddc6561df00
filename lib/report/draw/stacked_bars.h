// Draws horizontal bars that consist of parts: one bar for each name, all on one scale from 0.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lib/report/draw/svg.h"

namespace reel3d::report {

struct StackedBar {
  std::string name;
  std::vector<double> parts;  // one for each series, at least 0
};

struct StackedBars {
  std::string x_name;  // with the unit
  std::vector<std::string> series;
  std::vector<StackedBar> bars;
};

Drawing DrawStackedBars(const StackedBars& chart);

}  // namespace reel3d::report
