// Holds the colours and the layout of the page. Line colours are those of Okabe and Ito, which
// colour-blind readers can distinguish. For contrast they are darker on white and lighter on black.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace reel3d::report {

constexpr int kNumColors = 6;
// The shades of a heat map go from 1, for a small share, to kNumShades.
constexpr int kNumShades = 6;

// Returns the CSS class of colour number `color`; the colours repeat after kNumColors.
std::string ColorClass(int color);

// Returns the style sheet of the page.
std::string PageStyle();
// Returns the style sheet of a picture in a file of its own: light, on white.
std::string PictureStyle();

}  // namespace reel3d::report
