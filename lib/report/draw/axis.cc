// SPDX-License-Identifier: Apache-2.0
#include "lib/report/draw/axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace reel3d::report {
namespace {

// Returns the smallest of 1, 2, 2.5, 5 times a power of ten that fits at most `most_ticks` times
// into `span`.
double RoundStep(double span, int most_ticks) {
  const double least = span / most_ticks;
  const double power = std::pow(10, std::floor(std::log10(least)));
  for (const double factor : {1.0, 2.0, 2.5, 5.0}) {
    if (factor * power >= least * (1 - 1e-9)) {
      return factor * power;
    }
  }
  return 10 * power;
}

}  // namespace

Axis::Axis(Scale scale, double low, double high, int most_ticks)
    : scale_(scale), low_(low), high_(high) {
  if (scale == Scale::kLog) {
    TickLog();
    return;
  }
  if (scale == Scale::kPercent) {
    low_ = 0;
    high_ = 1;
  }
  TickLinear(most_ticks);
}

void Axis::TickLinear(int most_ticks) {
  if (!(high_ - low_ > 1e-12 * std::max(std::abs(low_), std::abs(high_)))) {
    low_ -= low_ == 0 ? 1 : std::abs(low_) / 2;
    high_ += high_ == 0 ? 1 : std::abs(high_) / 2;
  }
  const double step = RoundStep(high_ - low_, most_ticks);
  const double first = std::floor(low_ / step + 1e-9);
  const double last = std::ceil(high_ / step - 1e-9);
  low_ = first * step;
  high_ = last * step;
  const double shown = scale_ == Scale::kPercent ? 100 : 1;
  const auto count = static_cast<int>(std::lround(last - first)) + 1;
  for (int index = 0; index < count; ++index) {
    const double value = (first + index) * step;
    ticks_.push_back({value, fmt::format("{:.6g}", value * shown + 0.0)});
  }
}

void Axis::TickLog() {
  const double first = std::floor(std::log10(low_) + 1e-9);
  const double last = std::max(first + 1, std::ceil(std::log10(high_) - 1e-9));
  low_ = std::pow(10, first);
  high_ = std::pow(10, last);
  const double step = std::max(1.0, std::ceil((last - first) / 8));
  const auto count = static_cast<int>((last - first) / step + 0.5 / step) + 1;
  for (int index = 0; index < count; ++index) {
    const double value = std::pow(10, first + index * step);
    ticks_.push_back({value, fmt::format("{:g}", value)});
  }
}

double Axis::PlaceOf(double value) const {
  if (scale_ == Scale::kLog) {
    return std::log(value / low_) / std::log(high_ / low_);
  }
  return (value - low_) / (high_ - low_);
}

}  // namespace reel3d::report
