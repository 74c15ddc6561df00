// Writes features of clips or videos to files for other programs: HDF5, or .npy with a table beside
// it. docs/reference/formats.md says how to read them in Python. Files in HDF5 carry the checksums
// of row_checksums.h and can be read back; .npy has no place for them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "lib/eval/row_checksums.h"

namespace reel3d {

struct FeatureTable {
  std::string checkpoint, data;  // as in Scores (score_file.h)
  std::string layer;             // "fc, input"
  std::vector<std::string> classes;
  std::vector<ScoredVideo> videos;
  // One row per clip, or one row per video if the row is an average over its clips.
  std::vector<uint32_t> video;        // index into videos
  std::vector<uint32_t> first_frame;  // of the clip; for an average, of its first clip
  std::vector<uint32_t> num_clips;    // number of clips that the row averages
  std::vector<int64_t> shape;         // of one row: C, or C, T, H, W
  std::vector<float> values;          // row after row
};

// Returns true if WriteFeatures() supports the file name extension: .h5 or .npy.
bool IsFeatureFile(const std::filesystem::path& file);

// Writes `file`, and for x.npy also a table x.npy.tsv; each is written completely or not at all.
// Throws an environment error if a file cannot be written.
void WriteFeatures(const std::filesystem::path& file, const FeatureTable& table);

constexpr const char* kFeatureFormat = "reel3d-features";

// Reads a file in HDF5. Throws an input error that names the file, its fault and what to do: sizes
// that do not agree, a row of a video that is not in the file, values that do not match their
// checksums. Files of version 1 have no checksums and are read without them.
FeatureTable ReadFeatures(const std::filesystem::path& file);

}  // namespace reel3d
