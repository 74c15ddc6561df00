// Writes a line of text over a picture, so that a user can see a network's answer in a video.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/video/yuv_image.h"

namespace reel3d {

// Writes `text` in white on black along the upper edge of a full-range picture. A line is
// 16 rows high for each complete 180 rows of the picture's height, and at least 16. A long text
// gets a lower line; a text that is still too long is cut off. Letters beyond ASCII become '?'.
void DrawCaption(const std::string& text, YuvImage* image);

}  // namespace reel3d
