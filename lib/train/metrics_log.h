// metrics.jsonl: one JSON object a line, keyed by "step", appended as training goes and cut back to
// the checkpoint's step on resume. Holds nothing that depends on the machine's speed, so that an
// interrupted run ends with the same lines as an undisturbed one. What does is in times.jsonl, kept
// in the same way.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "lib/base/appended_file.h"

namespace reel3d {

// An epoch's line in words: "epoch 3 of 50: loss 1.069, top-1 61.0 %; validation ...; lr 0.1".
std::string DescribeEpoch(const nlohmann::ordered_json& line, int num_epochs);

class MetricsLog {
 public:
  // Keeps the lines of an earlier run up to `last_step` (published atomically) and goes on behind
  // them. A torn last line, as a killed process leaves it, is dropped.
  MetricsLog(const std::filesystem::path& file, int64_t last_step);

  // Written through at once; where the disk is full, with a later one.
  void Append(const nlohmann::ordered_json& line);
  // Throws an environment error if something still cannot be written.
  void Flush() { file_->Flush(); }

 private:
  std::optional<AppendedFile> file_;
};

}  // namespace reel3d
