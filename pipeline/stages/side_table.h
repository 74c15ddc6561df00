// Reads tables with more information about videos than the score files have.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "lib/eval/class_orders.h"
#include "lib/eval/slices.h"

namespace reel3d {

// The videos that were scored.
struct ScoredIds {
  std::vector<std::string> ids;
  std::string data;  // as in Scores
};

// Reads a file of tab separated values with a column `id` and any others. Returns the columns named
// in `wanted`, with a value for each of the scored videos: "" for a video that is not in the file.
// If `wanted` is empty, returns all columns except those that do not group videos: `label`, and
// texts that differ from video to video. If the file has `num_frames` and `fps`, there is a column
// `duration_s` as well. In a column of numbers, values such as "nan" become "". Warnings state
//   - how many of the scored videos are not in the file;
//   - that shards were scored and the values are of others, if kFingerprintColumn says so;
//   - how many videos have no number in a column of numbers;
//   - that a column has texts among its numbers, and whether it is left out for that.
// Throws an input error if a column is not there, an id occurs twice, or no video is in the file.
std::vector<SliceColumn> ReadSliceColumns(const std::filesystem::path& file,
                                          const std::vector<std::string>& wanted,
                                          const ScoredIds& scored);

// Reads a table of measure-videos, which nobody has named. Returns all columns that
// ReadSliceColumns() returns, except `num_frames` beside `duration_s`. Does not warn of values that
// are not known, which such a table may have. Throws as ReadSliceColumns() does, and an input error
// if the table is of other data than was scored, or does not say of which, or if video files were
// scored.
std::vector<SliceColumn> ReadMeasuredColumns(const std::filesystem::path& file,
                                             const ScoredIds& scored);

constexpr const char* kDurationColumn = "duration_s";
// Returns how long a video is in seconds, as it stands in that column; "" if it is not known.
std::string DurationText(double num_frames, double fps);

// Returns the column `id` of a file of tab separated values. A warning states how many of these ids
// are not in `ids`. Throws an input error if none of them is in `ids`.
std::set<std::string> ReadIds(const std::filesystem::path& file,
                              const std::vector<std::string>& ids);

// Reads a file with one class a line. Throws an input error unless it has each of `classes` once.
ClassNumbering ReadClassNumbering(const std::filesystem::path& file,
                                  const std::vector<std::string>& classes);

}  // namespace reel3d
