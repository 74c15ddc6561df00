// Writes metrics.jsonl: one JSON object per line, keyed by "step". Lines are appended during
// training and cut back to the checkpoint's step on resume. Nothing in it depends on the machine's
// speed, so that an interrupted run ends with the same lines as an undisturbed one. times.jsonl,
// written in the same way, holds what depends on the speed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "lib/base/appended_file.h"

namespace reel3d {

// Returns an epoch's line in words: "epoch 3 of 50: loss 1.069, top-1 61.0 %; validation ...; lr
// 0.1".
std::string DescribeEpoch(const nlohmann::ordered_json& line, int num_epochs);

class MetricsLog {
 public:
  // Keeps the lines of an earlier run up to `last_step` (published atomically) and appends to them.
  // It drops a torn last line, which a killed process may leave.
  MetricsLog(const std::filesystem::path& file, int64_t last_step);

  // Writes the line at once. If the disk is full, it is written together with a later line.
  void Append(const nlohmann::ordered_json& line);
  // Throws an environment error if some lines still cannot be written.
  void Flush() { file_->Flush(); }

 private:
  std::optional<AppendedFile> file_;
};

}  // namespace reel3d
