// Finds, verifies, links and removes the folders of checkpoints on disk, without torch.
//
//   checkpoints/step-0000001234/   model.safetensors      parameters and buffers, reference names
//                                  optimizer.safetensors  momentum of each parameter
//                                  unaveraged.safetensors only with --ema-decay, where model is an
//                                                         average over steps: the weights with
//                                                         which training continues
//                                  state.json             position and settings of the training
//                                  DONE                   "crc32  bytes  name" of each other file;
//                                                         written last
//   checkpoints/latest, best       links to one of them
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "lib/data/passport.h"

namespace reel3d {

struct CheckpointFiles {
  static constexpr const char* kModel = "model.safetensors";
  static constexpr const char* kOptimizer = "optimizer.safetensors";
  static constexpr const char* kUnaveraged = "unaveraged.safetensors";  // may be absent
  static constexpr const char* kState = "state.json";
  static constexpr const char* kDone = "DONE";
};

// Returns a name such as "step-0000001234".
std::string CheckpointName(int64_t step);

// Returns the checkpoints in `folder`, newest first, complete or not.
std::vector<std::filesystem::path> ListCheckpoints(const std::filesystem::path& folder);

// Writes the last two files of a checkpoint: state.json, which begins with format and step, then
// DONE.
void FinishCheckpoint(const std::filesystem::path& checkpoint, int64_t step,
                      const nlohmann::ordered_json& contents);

// Returns the newest complete checkpoint in `folder`; damaged ones are skipped with a warning.
// Returns nothing if there are no checkpoints, and throws an input error if there are some but none
// is complete.
std::optional<std::filesystem::path> FindLatestCheckpoint(const std::filesystem::path& folder);

// Throws an input error unless DONE exists and every file has the size and CRC-32 that DONE states.
// If `checkpoint` is the folder of a run, the error names the checkpoint in it that may be meant.
void VerifyCheckpoint(const std::filesystem::path& checkpoint);

// Returns the state.json of a checkpoint. Throws an input error if reel3d did not write it, if a
// newer version of reel3d did, or if its version is damaged.
nlohmann::ordered_json ReadCheckpointState(const std::filesystem::path& checkpoint);

// Returns the passport of the data that a checkpoint was trained on. Returns nothing if there is
// none: older checkpoints have none, and neither has a file of weights.
std::optional<Passport> PassportOfTraining(const std::filesystem::path& checkpoint);

// Throws an input error if `fingerprint`, that of the data in `shards_dir`, differs from that of
// the data in `state`, or if `state` has no fingerprint. The two paths are only for the message.
void RequireSameData(const nlohmann::ordered_json& state, uint32_t fingerprint,
                     const std::filesystem::path& run_dir, const std::string& shards_dir);

// Points the links `latest` and `best` at the checkpoints of these steps. `best` changes only if
// that checkpoint exists (-1: none). Call it also when a run resumes, since a killed process may
// not have moved the links.
void LinkCheckpoints(const std::filesystem::path& folder, int64_t latest_step, int64_t best_step);

// Removes all checkpoints except the newest `keep_last`, those that `latest` and `best` name, that
// of `kept_step` (-1: none) and those of every `keep_every`-th step (0: none).
void PruneCheckpoints(const std::filesystem::path& folder, int keep_last, int64_t keep_every,
                      int64_t kept_step);

}  // namespace reel3d
