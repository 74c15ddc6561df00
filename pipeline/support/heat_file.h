// The file RUN_DIR/heat.json shows where a network sees the wrong class in clips of wrongly
// answered videos. explain-mistakes writes it, and report-run shows it.
//
//   {"format": "reel3d-heat", "version": 1, "checkpoint": ..., "data": ..., "clip": {...},
//    "method": ..., "finer": 2,
//    "clips": [{"id", "class", "first_frame", "crop", "heat": [[24 * 24 numbers], ...]}]}
//
// `heat` has a list for each different frame of the clip, row by row over the crop: 255 is the
// highest value of the clip, 0 speaks for another class.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace reel3d {

constexpr int kHeatSide = 24;

struct ClipHeat {
  std::string id, class_name;
  int64_t first_frame = 0;
  int crop = 0;
  std::vector<std::vector<uint8_t>> frames;  // kHeatSide * kHeatSide values each
};

struct HeatFile {
  std::string checkpoint;       // TrainedNetwork::identity
  std::string data;             // ScoredClips::data
  nlohmann::ordered_json clip;  // ScoredClips::clip
  std::string method;           // Explanation::method
  int finer = 0;
  std::vector<ClipHeat> clips;
};

void WriteHeatFile(const std::filesystem::path& file, const HeatFile& heat);
// Throws an input error that names the file if it is damaged or has more than 16 MB.
HeatFile ReadHeatFile(const std::filesystem::path& file);

}  // namespace reel3d
