// Chooses the ticks of an axis, and places values on it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace reel3d::report {

enum class Scale {
  kLinear,
  kPercent,  // from 0 to 1, with labels from 0 to 100 %
  kLog,      // for positive values
};

struct Tick {
  double value = 0;
  std::string label;
};

class Axis {
 public:
  // Covers [low, high] and a little more, up to round numbers. kPercent always covers [0, 1].
  Axis(Scale scale, double low, double high, int most_ticks);

  const std::vector<Tick>& ticks() const { return ticks_; }
  // Returns the place of a value: 0 at the axis's low end, 1 at its high end.
  double PlaceOf(double value) const;

 private:
  void TickLinear(int most_ticks);
  void TickLog();

  Scale scale_;
  double low_, high_;
  std::vector<Tick> ticks_;
};

}  // namespace reel3d::report
