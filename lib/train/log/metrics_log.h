// Writes metrics.jsonl: one JSON object per line, keyed by "step". Lines are appended during
// training and cut back to the checkpoint's step on resume. Its content does not depend on the
// machine's speed, so that an interrupted run ends with the same lines as an undisturbed one.
// times.jsonl is written in the same way and holds the figures that depend on the speed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/appended_file.h"

namespace reel3d {

// Returns an epoch's line in words: "epoch 3 of 50: loss 1.069, top-1 61.0 %; validation ...; lr
// 0.1".
std::string DescribeEpoch(const nlohmann::ordered_json& line, int num_epochs);

// Returns the last epoch of which `file` has a line; 0 if it has none or is absent.
int LastEpochIn(const std::filesystem::path& file);

class MetricsLog {
 public:
  // Keeps the lines of an earlier run up to `last_step` (the file is replaced atomically) and
  // appends to them. It drops a torn last line, which a killed process may leave, and all text that
  // is not such a line. If the file lacks the step of a line in `known`, that line is put back.
  MetricsLog(const std::filesystem::path& file, int64_t last_step,
             const std::vector<nlohmann::ordered_json>& known = {});

  // Warns if the file, when it was opened, lacked lines of the epochs 1 to `num_epochs`.
  void WarnOfLostEpochs(int num_epochs) const;

  // Writes the line at once. If the disk is full, it is written together with a later line.
  void Append(const nlohmann::ordered_json& line);
  // Throws an environment error if some lines still cannot be written.
  void Flush() { file_->Flush(); }

 private:
  std::filesystem::path path_;
  std::vector<int> epochs_;  // epochs of the lines that were found in the file
  int num_put_back_ = 0;
  std::optional<AppendedFile> file_;
};

}  // namespace reel3d
