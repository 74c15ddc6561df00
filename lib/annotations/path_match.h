// Measures how well the path that a list gives fits the path of a file.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace reel3d {

// A larger value is a better fit.
enum class PathFit {
  kName,  // the file's name alone
  kEnd,   // the name and some folders before it
  kForm,  // all folders that the list gives, but for capitals, punctuation or the extension
  kExact  // all folders and the file name, as the list gives them
};

// `below` is a path whose file name without extension equals that of `listed`, or its whole file
// name, but for capitals. A leading "./" or "/" of `listed` is ignored.
PathFit FitOfPaths(std::string_view listed, std::string_view below);

}  // namespace reel3d
