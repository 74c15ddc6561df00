// Makes the messages of list-videos about files that are not videos: how many there are of each
// extension, and what to do if a folder has no videos.
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

// Returns advice for a folder that holds such files and no video; "" if there is none.
std::string AdviceOnExtensions(const ExtensionCounts& counts);

}  // namespace reel3d
