// Keeps a number and its unit on one line.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace reel3d::report {

// Returns the text with no-break spaces where a line must not end: "98.5 %", "95.0 to 99.5 %", "2
// min 5 s", "48 x 48", "< 0.0001". A name that happens to hold such words is changed too, so that a
// reader who copies it gets another one: do not pass texts that are only a name or a path.
std::string Untorn(std::string_view text);

}  // namespace reel3d::report
