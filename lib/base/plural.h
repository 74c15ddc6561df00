// Counts as people say them, in messages: "1 thread", "2 threads".
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace reel3d {

// Returns the number with the word for one or for several; by default "s" makes the plural.
std::string Count(int64_t number, const std::string& one, const std::string& several = "");

}  // namespace reel3d
