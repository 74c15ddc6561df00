// Writes the run for TensorBoard: a folder with one event file for each part of the run (from a
// start to a stop). Curves stay continuous after an interruption: each part begins at the step of
// its checkpoint, and later events of earlier parts are cut off.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "lib/base/appended_file.h"
#include "lib/train/log/event_file.h"

namespace reel3d {

class TensorBoardLog {
 public:
  // Keeps the events of earlier files in the folder up to `last_step` (-1: none) and continues in a
  // new file, because a running TensorBoard would not notice that an old file has grown shorter.
  // Warns if such a file is damaged, or if no earlier events are left.
  TensorBoardLog(const std::filesystem::path& folder, int64_t last_step);

  // Write the event at once. If the disk is full, it is written together with later ones.
  void Add(int64_t step, const Scalars& scalars);
  void Add(int64_t step, const std::string& tag, const Picture& picture);
  // Throws an environment error if some events still cannot be written.
  void Flush() { file_->Flush(); }

 private:
  std::optional<AppendedFile> file_;
};

}  // namespace reel3d
