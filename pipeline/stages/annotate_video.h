// Copies a prepared video and draws on each frame.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "lib/video/yuv_image.h"

namespace reel3d {

// Writes `target` (H.264 in MP4), completely or not at all. `target` has the frames of `prepared`
// at the same times. Under each picture there are `rows_below` more rows, an even number, which are
// black. draw(frame_index, picture) is called for each frame, with picture and rows as one picture.
// Throws an environment error if `target` cannot be written, and whatever `draw` throws.
void AnnotateVideo(const std::filesystem::path& prepared, const std::filesystem::path& target,
                   int rows_below,
                   const std::function<void(int64_t frame_index, YuvImage* picture)>& draw);

}  // namespace reel3d
