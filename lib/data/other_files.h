// What is said of files that are not taken for videos: how many of which extension, and what to do
// where there is nothing else.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace reel3d {

// Numbers of files by extension, in small letters without the dot; "": files without one.
using ExtensionCounts = std::map<std::string, int64_t>;

// Returns "2 .txt, 1 without extension".
std::string ListExtensions(const ExtensionCounts& counts);

// Returns what to do about a folder that holds only such files: "" if nothing is known.
std::string AdviceOnExtensions(const ExtensionCounts& counts);

}  // namespace reel3d
