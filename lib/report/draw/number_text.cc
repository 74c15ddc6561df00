// SPDX-License-Identifier: Apache-2.0
#include "lib/report/draw/number_text.h"

#include <fmt/format.h>

#include <cmath>

namespace reel3d::report {

std::string Percent(double share) { return fmt::format("{:.1f} %", 100 * share); }

std::string Short(double number) { return fmt::format("{:.4g}", number); }

std::string Grouped(int64_t count) {
  std::string text = std::to_string(count);
  const size_t first_digit = count < 0 ? 1 : 0;
  for (size_t place = text.size(); place > first_digit + 3;) {
    place -= 3;
    text.insert(place, ",");
  }
  return text;
}

std::string Duration(double seconds) {
  if (!(seconds >= 0) || seconds > 1e12) {
    return "an unknown time";
  }
  if (seconds < 9.95) {
    return fmt::format("{:.1f} s", seconds);
  }
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole < 60) {
    return fmt::format("{} s", whole);
  }
  if (whole < 3600) {
    return fmt::format("{} min {} s", whole / 60, whole % 60);
  }
  if (whole < int64_t{48} * 3600) {
    return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
  }
  return fmt::format("{} days {} h", whole / 86400, whole % 86400 / 3600);
}

}  // namespace reel3d::report
