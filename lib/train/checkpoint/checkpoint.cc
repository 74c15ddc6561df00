// SPDX-License-Identifier: Apache-2.0
#include "lib/train/checkpoint/checkpoint.h"

#include "lib/base/file.h"
#include "lib/train/checkpoint/checkpoint_folder.h"

namespace reel3d {
namespace fs = std::filesystem;

void WriteCheckpoint(const fs::path& folder, int64_t step, const CheckpointContents& contents) {
  MakeFolders(folder);
  const std::string name = CheckpointName(step);
  PendingFile pending(folder / name);
  const fs::path& temporary = pending.temporary_path();
  MakeFolders(temporary);
  const auto save = [&](const char* file, const NamedTensors& tensors) {
    SaveTensors(temporary / file, tensors);
    SyncToDisk(temporary / file);
  };
  save(CheckpointFiles::kModel, contents.model);
  save(CheckpointFiles::kOptimizer, contents.optimizer);
  if (!contents.unaveraged.empty()) {
    save(CheckpointFiles::kUnaveraged, contents.unaveraged);
  }
  FinishCheckpoint(temporary, step, contents.state);
  pending.Publish();  // replaces one of the same step: a damaged one, or one saved before the
                      // validation
}

void PublishCheckpoint(const fs::path& folder, int64_t step, int64_t best_step,
                       const CheckpointContents& contents, const KeepRules& keep) {
  WriteCheckpoint(folder, step, contents);
  LinkCheckpoints(folder, step, best_step);
  PruneCheckpoints(folder, keep.num_last, keep.every, keep.one_more);
}

}  // namespace reel3d
