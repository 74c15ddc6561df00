// Makes the normal form of class names, because the same class is written "shooting goal (soccer)"
// in an annotation file and "shooting_goal_(soccer)" or "shooting_goal_soccer" as a folder.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace reel3d {

// Returns the letters and digits of a name, in small letters. Characters beyond ASCII stay as they
// are. A name of punctuation alone is its own normal form.
std::string NormalForm(std::string_view name);

std::string InSmallLetters(std::string_view text);  // changes only ASCII letters

}  // namespace reel3d
