// Copies a prepared video and writes a caption over each frame.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace reel3d {

// Writes `target` (H.264 in MP4), completely or not at all. `target` has the frames of `prepared`
// at the same times, and caption(frame_index) is drawn on each frame. Throws an environment error
// if `target` cannot be written.
void AnnotateVideo(const std::filesystem::path& prepared, const std::filesystem::path& target,
                   const std::function<std::string(int64_t frame_index)>& caption);

}  // namespace reel3d
