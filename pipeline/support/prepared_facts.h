// Reads how prep-videos prepared the videos of a folder.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>

#include "lib/data/frame_facts.h"

namespace reel3d {

// Returns what the settings in the folder say. Returns nothing if there are none, or with a warning
// if they are damaged: the frames can be packed all the same.
std::optional<FrameFacts> FactsOfPrepared(const std::filesystem::path& prepared_dir);

}  // namespace reel3d
