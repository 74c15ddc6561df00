// The run as TensorBoard shows it: a folder with one event file for each part of the run (from a
// start to a stop). Curves are continuous whatever happened in between: each part begins where the
// checkpoint was taken, and what earlier parts have beyond that is cut off.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "lib/base/appended_file.h"
#include "lib/train/event_file.h"

namespace reel3d {

class TensorBoardLog {
 public:
  // Keeps what earlier files of the folder hold up to `last_step` (-1: nothing) and goes on in a
  // new file: a TensorBoard that is looking on would not notice that an old one has grown shorter.
  TensorBoardLog(const std::filesystem::path& folder, int64_t last_step);

  // Written through at once; where the disk is full, with later ones.
  void Add(int64_t step, const Scalars& scalars);
  void Add(int64_t step, const std::string& tag, const Picture& picture);
  // Throws an environment error if something still cannot be written.
  void Flush() { file_->Flush(); }

 private:
  std::optional<AppendedFile> file_;
};

}  // namespace reel3d
