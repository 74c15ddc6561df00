// SPDX-License-Identifier: Apache-2.0
#include "lib/train/checkpoint.h"

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/train/checkpoint_folder.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

// By a link of another name that is then renamed: there is always one.
void PointAt(const fs::path& link, const fs::path& target) {
  const PendingFile pending(link);
  std::error_code error;
  fs::create_symlink(target, pending.temporary_path(), error);
  if (!error) {
    fs::rename(pending.temporary_path(), link, error);
  }
  if (error) {
    throw WriteError("cannot make the link " + link.string(), error.value());
  }
}

}  // namespace

void WriteCheckpoint(const fs::path& folder, int64_t step, const CheckpointContents& contents,
                     bool best) {
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
  if (best) {
    PointAt(folder / "best", name);
  }
  PointAt(folder / "latest", name);
}

}  // namespace reel3d
