// Finds out which tool made a folder. A stage writes only into its own folder, and list-videos
// skips the folders of stages.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace reel3d {

// Throws a usage error if `folder` belongs to another stage, or holds files but no settings.ini. A
// stage replaces and removes files in its folder, so it must not work in any other. Throws as
// RequireNoFolders() does for the files that every stage writes. An absent folder is allowed.
// Writes nothing.
void RequireOwnFolder(const std::filesystem::path& folder, const std::string& tool);

// Throws an input error if `folder` holds a folder, or anything else that is not a file, with one
// of the `names`. The tool writes files of these names at its end, and would fail only then.
void RequireNoFolders(const std::filesystem::path& folder, const std::vector<std::string>& names);

// Returns the tool whose stage wrote `folder`, finished or not ("a tool that has not finished"
// without a report); "" if none did. Files that only have the names of a stage's files do not
// count, because a user's videos may lie beside such files.
std::string MakerOfFolder(const std::filesystem::path& folder);

}  // namespace reel3d
