// Reads the points of a run's TensorBoard files without TensorBoard, to compare runs. The result
// does not depend on the number of files nor on the time of day.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "lib/base/file.h"

namespace reel3d::test {

// Returns the bytes of each event (lib/train/log/event_file.h) without its time, sorted. It leaves
// out the events that begin a file, and speeds, which differ from run to run.
inline std::vector<std::string> EventPoints(const std::filesystem::path& folder) {
  constexpr size_t kFrameBytes = 12, kFooterBytes = 4, kTimeBytes = 9;
  constexpr char kVersion = 0x1A, kSummary = 0x2A;
  std::vector<std::string> points;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string bytes = ReadFile(entry.path());
    for (size_t at = 0; at + kFrameBytes < bytes.size();) {
      uint64_t size = 0;
      std::memcpy(&size, bytes.data() + at, sizeof(size));
      const std::string point = bytes.substr(at + kFrameBytes + kTimeBytes, size - kTimeBytes);
      const bool is_version = point.find(kVersion) == 0;
      const bool is_speed = point.find("speed/") != std::string::npos;
      // Field 5 follows the few bytes of the step, or comes first if the step is 0.
      if (!is_version && !is_speed && point.find(kSummary) < 8) {
        points.push_back(point);
      }
      at += kFrameBytes + size + kFooterBytes;
    }
  }
  std::sort(points.begin(), points.end());
  return points;
}

// Returns the values of a curve by step, for steps below 128.
inline std::vector<std::pair<int, float>> Curve(const std::filesystem::path& folder,
                                                const std::string& tag) {
  std::vector<std::pair<int, float>> curve;
  for (const std::string& point : EventPoints(folder)) {
    const size_t at = point.find(tag);
    if (at != std::string::npos) {
      float value = 0;
      std::memcpy(&value, point.data() + at + tag.size() + 1, sizeof(value));
      curve.emplace_back(point[0] == 0x10 ? point[1] : 0, value);
    }
  }
  return curve;
}

}  // namespace reel3d::test
