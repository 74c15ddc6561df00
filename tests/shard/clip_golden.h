// Reads tests/golden/clip_golden.json, which make_clip_golden.py wrote.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/base/file.h"
#include "lib/data/crop_plan.h"
#include "tests/test_support.h"

namespace reel3d::test {

inline nlohmann::json ClipGolden() {
  return nlohmann::json::parse(ReadFile(SourceFolder() / "tests/golden/clip_golden.json"));
}

inline CropPlan PlanOf(const nlohmann::json& golden) {
  CropPlan plan;
  plan.frame = {golden.at("frame_width"), golden.at("frame_height")};
  plan.x = golden.at("x");
  plan.y = golden.at("y");
  plan.width = golden.at("width");
  plan.height = golden.at("height");
  plan.resized_width = golden.at("resized_width");
  plan.resized_height = golden.at("resized_height");
  plan.window_x = golden.at("window_x");
  plan.window_y = golden.at("window_y");
  plan.size = golden.at("size");
  plan.flip = golden.at("flip");
  return plan;
}

inline std::vector<uint8_t> BytesOfHex(const std::string& hex) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

}  // namespace reel3d::test
