// Writes counts for messages: "1 thread", "2 threads".
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace reel3d {

// Returns `number` and the word for it: `one`, or `several`, which is `one` with an "s" by default.
std::string Count(int64_t number, const std::string& one, const std::string& several = "");

}  // namespace reel3d
