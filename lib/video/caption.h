// Writes a line of text over a picture: what a network says of a video, for a person to look at.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/video/yuv_image.h"

namespace reel3d {

// Writes `text` in white on black along the upper edge of a full-range picture: 16 rows, more by as
// many for each 180 rows of the picture's height beyond the first, unless the line is too long for
// that. Letters beyond ASCII show as '?'. What is still too long is cut off.
void DrawCaption(const std::string& text, YuvImage* image);

}  // namespace reel3d
