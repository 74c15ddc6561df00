// SPDX-License-Identifier: Apache-2.0
#include "lib/report/draw/time_lanes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lib/report/draw/axis.h"
#include "lib/report/draw/heat_map.h"
#include "lib/report/draw/number_text.h"
#include "lib/report/draw/text.h"

namespace reel3d::report {
namespace {

constexpr double kLanesTop = 6, kLanesRight = 24, kLane = 18, kLaneGap = 3;
constexpr int kMostLaneLabelColumns = 18;
// A share below it is not drawn, so that the picture stays small.
constexpr double kLeastShare = 0.01;

double LeftOf(const TimeLanes& lanes) {
  int columns = 0;
  for (const std::string& name : lanes.names) {
    columns = std::max(columns, WidthOf(name));
  }
  return 16 + kLabelColumnWidth * std::min(columns, kMostLaneLabelColumns);
}

// Joins up to `count` parts into one, whose shares are means by time.
TimePart Joined(const TimePart* parts, size_t count) {
  TimePart joined = {parts[0].begin_s, parts[count - 1].end_s, {}};
  joined.shares.resize(parts[0].shares.size());
  double total_s = 0;
  for (size_t part = 0; part < count; ++part) {
    const double seconds = std::max(parts[part].end_s - parts[part].begin_s, 1e-9);
    total_s += seconds;
    for (size_t lane = 0; lane < joined.shares.size(); ++lane) {
      joined.shares[lane] += seconds * parts[part].shares[lane];
    }
  }
  for (double& share : joined.shares) {
    share /= total_s;
  }
  return joined;
}

std::vector<TimePart> Thinned(const std::vector<TimePart>& parts) {
  const size_t each = (parts.size() + kMostParts - 1) / kMostParts;
  std::vector<TimePart> thinned;
  for (size_t begin = 0; begin < parts.size(); begin += each) {
    thinned.push_back(Joined(&parts[begin], std::min(each, parts.size() - begin)));
  }
  return thinned;
}

struct AxisUnit {
  const char* name;
  double seconds;
};

AxisUnit AxisUnitFor(double length_s) {
  if (length_s >= 7200) {
    return {"hours", 3600};
  }
  return length_s >= 600 ? AxisUnit{"minutes", 60} : AxisUnit{"seconds", 1};
}

}  // namespace

std::string ClockTime(double seconds, double length_s) {
  if (length_s < 600) {
    return fmt::format("{:.1f} s", seconds);
  }
  const auto whole = static_cast<int64_t>(std::floor(seconds));
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

Drawing DrawTimeLanes(const TimeLanes& lanes) {
  if (lanes.parts.empty()) {
    return {};
  }
  const std::vector<TimePart> parts = Thinned(lanes.parts);
  const double length_s = parts.back().end_s;
  const AxisUnit unit = AxisUnitFor(length_s);
  const double left = LeftOf(lanes);
  const double width = kChartWidth - left - kLanesRight;
  const double bottom = kLanesTop + (kLane + kLaneGap) * static_cast<double>(lanes.names.size());
  const Axis axis(Scale::kLinear, 0, length_s / unit.seconds, 6);
  const auto x_of = [&](double seconds) {
    return left + width * axis.PlaceOf(seconds / unit.seconds);
  };
  Svg svg;
  for (const Tick& tick : axis.ticks()) {
    const double x = left + width * axis.PlaceOf(tick.value);
    svg.Line(x, kLanesTop, x, bottom, "grid");
    svg.Text(x, bottom + 17, "middle", tick.label, "tick");
  }
  for (size_t lane = 0; lane < lanes.names.size(); ++lane) {
    const double top = kLanesTop + (kLane + kLaneGap) * static_cast<double>(lane);
    svg.Text(left - 6, top + kLane - 4, "end", Shortened(lanes.names[lane], kMostLaneLabelColumns),
             "", lanes.names[lane]);
    for (const TimePart& part : parts) {
      const double share = part.shares[lane];
      if (share >= kLeastShare) {
        svg.Rect(x_of(part.begin_s), top, x_of(part.end_s) - x_of(part.begin_s), kLane,
                 fmt::format("s{}", ShadeOf(share)),
                 fmt::format("{}: {} from {} to {}", lanes.names[lane], Percent(share),
                             ClockTime(part.begin_s, length_s), ClockTime(part.end_s, length_s)));
      }
    }
  }
  svg.Text(left + width / 2, bottom + 34, "middle", unit.name);
  return {bottom + 46 + DrawShades("probability, up to", bottom + 46, &svg), svg.text()};
}

}  // namespace reel3d::report
