// The version of reel3d, as --version prints it and as it stands in every report.json.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace reel3d {

std::string Version();  // "0.1.0"

// A library that says its own version in --version: each lib folder that wraps one on which results
// or behaviour depend registers it from a static initialiser in its own sources, so a tool lists
// what it really links.
struct LinkedLibrary {
  LinkedLibrary(const char* name, std::string version);
};

// "ffmpeg 5.1.9", one a line, in order of name.
std::string LinkedLibraries();

}  // namespace reel3d
