// Writes counts and sizes for messages: "1 thread", "2 threads", "1.05 GB".
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace reel3d {

// Returns `number` and the word for it: `one`, or `several`, which is `one` with an "s" by default.
std::string Count(int64_t number, const std::string& one, const std::string& several = "");

// Returns three digits and a unit from B to EB, such as "41.3 MB". A MB has 1,000,000 bytes.
std::string FormatBytes(double size_bytes);

}  // namespace reel3d
