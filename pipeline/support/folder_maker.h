// Finds out which tool made a folder. A stage writes only into its own folder, and list-videos
// skips the folders of stages.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace reel3d {

// Throws a usage error if `folder` is another stage's, holds files but no settings of a stage, or
// has lost its settings, because a stage replaces and removes files in its folder, as --overwrite
// does. Throws as RequireNoFolders() does for the files that every stage writes. An absent folder
// is allowed. Writes nothing.
void RequireOwnFolder(const std::filesystem::path& folder, const std::string& tool);

// Throws an input error if something else than a file has one of the `names` in `folder`, where the
// tool writes files: it would fail only at its end.
void RequireNoFolders(const std::filesystem::path& folder, const std::vector<std::string>& names);

// Returns the tool that wrote `folder` as a stage, finished or not; "" if none did. Files that only
// have the names of a stage's files do not count, because videos may lie beside them.
std::string MakerOfFolder(const std::filesystem::path& folder);

}  // namespace reel3d
