// Holds the colours and the layout of the page. Line colours are those of Okabe and Ito, told apart
// by colour-blind readers, darker on white and lighter on black for contrast.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace reel3d::report {

constexpr int kNumColors = 6;
// Shades of a heat map from 1 (little) to this.
constexpr int kNumShades = 6;

// Returns the class of a run's colour; after kNumColors they repeat.
std::string ColorClass(int color);

// Returns the style sheet of the page.
std::string PageStyle();
// Returns the style sheet of a picture in a file of its own: light, on white.
std::string PictureStyle();

}  // namespace reel3d::report
