// Features of clips or videos as files for others to compute on: HDF5, or .npy with a table beside
// it. Written only; docs/reference/formats.md says how to read them in Python.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "lib/eval/score_file.h"

namespace reel3d {

struct FeatureTable {
  std::string checkpoint, data;  // as in Scores
  std::string layer;             // "fc, input"
  std::vector<std::string> classes;
  std::vector<ScoredVideo> videos;
  // A row a clip, or a video where it is an average over its clips.
  std::vector<uint32_t> video;        // index into videos
  std::vector<uint32_t> first_frame;  // of the clip; of an average, of its first clip
  std::vector<uint32_t> num_clips;    // that the row is an average of
  std::vector<int64_t> shape;         // of a row: C, or C, T, H, W
  std::vector<float> values;          // row after row
};

// Whether WriteFeatures() knows a name that ends so: .h5 and .npy.
bool IsFeatureFile(const std::filesystem::path& file);

// Writes `file`, and for x.npy a table x.npy.tsv, each whole or not at all. Throws an environment
// error where the disk refuses.
void WriteFeatures(const std::filesystem::path& file, const FeatureTable& table);

}  // namespace reel3d
