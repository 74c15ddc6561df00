// Returns the version of reel3d, as --version prints it and every report.json records it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace reel3d {

std::string Version();  // "0.1.0"

// Registers a library whose version --version prints. Each lib folder that wraps a library on which
// results or behaviour depend makes one in a static initialiser of its own sources. So a tool lists
// what it really links.
struct LinkedLibrary {
  LinkedLibrary(const char* name, std::string version);
};

// Returns lines such as "ffmpeg 5.1.9", in order of name.
std::string LinkedLibraries();

}  // namespace reel3d
