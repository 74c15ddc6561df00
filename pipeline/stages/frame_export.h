// Writes stored frames as picture files, so that a user can look at the input of training.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace reel3d {

// Writes the frames of one video in `file`, a shard or a prepared video, to folder/000000.jpg,
// folder/000001.jpg, ..., byte for byte as they are stored. `video` is the id, or "" if `file`
// holds only one video. Returns the number of frames. Throws an input error if there is no such
// video or a frame is damaged, and a usage error if `folder` is not empty; then nothing is written.
int64_t ExportFrames(const std::string& file, const std::string& video, const std::string& folder);

}  // namespace reel3d
