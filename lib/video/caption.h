// Writes a line of text over a picture, so that a user can see a network's answer in a video.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/video/yuv_image.h"

namespace reel3d {

// Writes `text` in white on black along the upper edge of a full-range picture. The line takes 16
// rows for each complete 180 rows of the picture's height, at least 16, and fewer if it would be
// too long. Letters beyond ASCII show as '?'. A line that is still too long is cut off.
void DrawCaption(const std::string& text, YuvImage* image);

}  // namespace reel3d
