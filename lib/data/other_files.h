// Words what list-videos reports about files that it does not take for videos: how many there are
// of each extension, and what to do if there are no others.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace reel3d {

// Holds numbers of files by extension, in small letters without the dot; "": files without one.
using ExtensionCounts = std::map<std::string, int64_t>;

// Returns "2 .txt, 1 without extension".
std::string ListExtensions(const ExtensionCounts& counts);

// Returns what to do about a folder that holds only such files: "" if nothing is known.
std::string AdviceOnExtensions(const ExtensionCounts& counts);

}  // namespace reel3d
