// Draws shares over time: a lane for each name, in which darker parts have a larger share. A film
// of many windows is drawn in kMostParts parts of equally many windows.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lib/report/draw/svg.h"

namespace reel3d::report {

constexpr size_t kMostParts = 400;

struct TimePart {
  double begin_s = 0, end_s = 0;  // parts do not overlap
  std::vector<double> shares;     // of each lane, from 0 to 1
};

struct TimeLanes {
  std::vector<std::string> names;  // of the lanes, from the top
  std::vector<TimePart> parts;     // rising
};

// Returns "83.5 s", or "1:02:03" from ten minutes on.
std::string ClockTime(double seconds, double length_s);

Drawing DrawTimeLanes(const TimeLanes& lanes);

}  // namespace reel3d::report
