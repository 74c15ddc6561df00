// Writes numbers for readers.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace reel3d::report {

// Returns "98.5 %" for 0.985.
std::string Percent(double share);
// Returns the number with four significant digits, without trailing zeros.
std::string Short(double number);
// Returns "20,000" for 20000.
std::string Grouped(int64_t count);
// Returns "2 min 5 s", "3 h 20 min" or "4 days 7 h".
std::string Duration(double seconds);

}  // namespace reel3d::report
