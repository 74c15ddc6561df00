// Tells whose a folder is: a stage writes only into its own, and list-videos passes over those of
// stages.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace reel3d {

// A stage replaces and removes files in its folder, so one that holds others' files is not for it,
// nor for --overwrite: throws a usage error if `folder` is another stage's, holds files but no
// settings of a stage, or has lost its settings. A folder that is absent is fine; nothing is
// written.
void RequireOwnFolder(const std::filesystem::path& folder, const std::string& tool);

// Returns the tool that wrote `folder` as a stage's, finished or not; "" if none did. Files that
// are only called like a stage's say nothing, whatever they hold: videos may lie beside them.
std::string MakerOfFolder(const std::filesystem::path& folder);

}  // namespace reel3d
