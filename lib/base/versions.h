// Returns the version of reel3d, as --version prints it and every report.json records it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace reel3d {

std::string Version();  // "0.1.0"

// Registers a library whose version --version prints. A lib folder that wraps a library on which
// results or behaviour depend defines a static LinkedLibrary in its sources. So a tool lists only
// libraries that it links.
struct LinkedLibrary {
  LinkedLibrary(const char* name, std::string version);
};

// Returns lines such as "ffmpeg 5.1.9", in order of name.
std::string LinkedLibraries();

}  // namespace reel3d
