// Reads tables that say more about videos than scores do.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "lib/eval/class_orders.h"
#include "lib/eval/slices.h"

namespace reel3d {

// Reads a file of tab separated values with a column `id` and any others. Returns the columns named
// in `wanted`, with a value for each of `ids`: "" for a video that is not in the file, which a
// warning counts. If `wanted` is empty, returns all but those that say nothing about kinds of
// videos: `label`, and texts of which each video has its own. If the file has `num_frames` and
// `fps`, there is a column `duration_s` as well. Throws an input error if a column is not there, an
// id occurs twice, or no video is in the file.
std::vector<SliceColumn> ReadSliceColumns(const std::filesystem::path& file,
                                          const std::vector<std::string>& wanted,
                                          const std::vector<std::string>& ids);

// Returns the ids of such a file. A warning counts those that are not among `ids`. Throws an input
// error if none is.
std::set<std::string> ReadIds(const std::filesystem::path& file,
                              const std::vector<std::string>& ids);

// Reads a file with one class a line. Throws an input error unless it has each of `classes` once.
ClassNumbering ReadClassNumbering(const std::filesystem::path& file,
                                  const std::vector<std::string>& classes);

}  // namespace reel3d
