// Reads frames and scores for Python.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nanobind/nanobind.h>

#include <optional>
#include <string>
#include <vector>

namespace reel3d::python {

// Returns the frames of a video as uint8 (3, T, S, S): scoring's centre crop, decoded as PIL does.
// Throws an input error if the video is not there, or a frame is damaged. No `frames`: all frames.
nanobind::object ReadFrames(const std::string& shards, const std::string& id,
                            const std::optional<std::vector<int>>& frames, int size);
// Returns the same frames as they are stored, each a JPEG.
nanobind::list ReadJpegs(const std::string& shards, const std::string& id,
                         const std::optional<std::vector<int>>& frames);
// Returns the contents of a score file, by name.
nanobind::dict ReadScoreFile(const std::string& file);

}  // namespace reel3d::python
