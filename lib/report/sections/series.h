// Makes charts and their tables from lines of numbers.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lib/report/draw/figure.h"
#include "lib/report/draw/line_chart.h"
#include "lib/report/read/run_record.h"

namespace reel3d::report {

// Returns (epoch, value of the key) of the rows that have both as finite numbers, by rising epoch.
std::vector<Point> SeriesOf(const std::vector<Json>& rows, const char* key);

// Returns the chart as a figure. Its table has a row for each x and a column for each line.
Figure ChartFigure(const std::string& id, const std::string& title, const LineChart& chart);

}  // namespace reel3d::report
