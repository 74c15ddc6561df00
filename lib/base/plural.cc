// SPDX-License-Identifier: Apache-2.0
#include "lib/base/plural.h"

#include <fmt/format.h>

#include <array>

namespace reel3d {

std::string Count(int64_t number, const std::string& one, const std::string& several) {
  const std::string plural = several.empty() ? one + "s" : several;
  return std::to_string(number) + " " + (number == 1 ? one : plural);
}

std::string FormatBytes(double size_bytes) {
  constexpr std::array<const char*, 7> kNames = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  size_t name = 0;
  while (size_bytes >= 1000 && name + 1 < kNames.size()) {
    size_bytes /= 1000;
    ++name;
  }
  return fmt::format("{:.3g} {}", size_bytes, kNames[name]);
}

}  // namespace reel3d
