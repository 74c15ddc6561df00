// SPDX-License-Identifier: Apache-2.0
#include "lib/train/checkpoint.h"

#include "lib/base/file.h"
#include "lib/train/checkpoint_folder.h"

namespace reel3d {
namespace fs = std::filesystem;
void WriteCheckpoint(const fs::path& folder, int64_t step, const CheckpointContents& contents) {
  MakeFolders(folder);
  const std::string name = CheckpointName(step);
  PendingFile pending(folder / name);
  const fs::path& temporary = pending.temporary_path();
  MakeFolders(temporary);
  SaveTensors(temporary / CheckpointFiles::kModel, contents.model);
  SaveTensors(temporary / CheckpointFiles::kOptimizer, contents.optimizer);
  SyncToDisk(temporary / CheckpointFiles::kModel);
  SyncToDisk(temporary / CheckpointFiles::kOptimizer);
  FinishCheckpoint(temporary, step, contents.state);
  std::error_code ignored;
  fs::remove_all(folder / name, ignored);  // a damaged one of the same step
  pending.Publish();
}

}  // namespace reel3d
