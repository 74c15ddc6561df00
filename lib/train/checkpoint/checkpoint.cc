// SPDX-License-Identifier: Apache-2.0
#include "lib/train/checkpoint/checkpoint.h"

#include <system_error>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/train/checkpoint/checkpoint_folder.h"

namespace reel3d {
namespace fs = std::filesystem;

bool MakeOneFolder(const fs::path& folder) {
  std::error_code error;
  const bool is_new = fs::create_directory(folder, error);
  if (error) {
    throw WriteError("cannot make folder " + folder.string(), error.value());
  }
  return is_new;
}

namespace {

// A file that vanishes before it is read back is the environment's fault, not the input's.
void Finish(const fs::path& checkpoint, int64_t step, const nlohmann::ordered_json& state) {
  try {
    FinishCheckpoint(checkpoint, step, state);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInput) {
      throw;
    }
    throw EnvironmentError(error.what());
  }
}

// Writes <folder>/step-<step>.
void WriteCheckpoint(const fs::path& folder, int64_t step, const CheckpointContents& contents) {
  const std::string name = CheckpointName(step);
  PendingFile pending(folder / name);
  const fs::path& temporary = pending.temporary_path();
  MakeOneFolder(temporary);
  const auto save = [&](const char* file, const NamedTensors& tensors) {
    SaveTensors(temporary / file, tensors);
    SyncToDisk(temporary / file);
  };
  save(CheckpointFiles::kModel, contents.model);
  save(CheckpointFiles::kOptimizer, contents.optimizer);
  if (!contents.unaveraged.empty()) {
    save(CheckpointFiles::kUnaveraged, contents.unaveraged);
  }
  Finish(temporary, step, contents.state);
  // This may replace a checkpoint of the same step that is damaged, or was saved before the
  // validation.
  pending.Publish();
}

}  // namespace

void PublishCheckpoint(const fs::path& folder, int64_t step, int64_t best_step,
                       const CheckpointContents& contents, const KeepRules& keep) {
  WriteCheckpoint(folder, step, contents);
  LinkCheckpoints(folder, step, best_step);
  PruneCheckpoints(folder, keep.num_last, keep.every, keep.one_more);
}

}  // namespace reel3d
