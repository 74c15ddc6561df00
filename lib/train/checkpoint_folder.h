// The folders of checkpoints on disk, without torch: which are whole, which is newest, which go.
//
//   checkpoints/step-0000001234/   model.safetensors      parameters and buffers, reference names
//                                  optimizer.safetensors  momentum of each parameter
//                                  unaveraged.safetensors where model is an average over steps
//                                  (--ema-decay): what training goes on from
//                                  state.json             where training stands and what it runs
//                                  DONE                   "crc32  bytes  name" of each, written
//                                  last
//   checkpoints/latest, best       links to one of them
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace reel3d {

struct CheckpointFiles {
  static constexpr const char* kModel = "model.safetensors";
  static constexpr const char* kOptimizer = "optimizer.safetensors";
  static constexpr const char* kUnaveraged = "unaveraged.safetensors";  // may be absent
  static constexpr const char* kState = "state.json";
  static constexpr const char* kDone = "DONE";
};

// "step-0000001234".
std::string CheckpointName(int64_t step);

// state.json with its format and step in front, then DONE: the last two files of a checkpoint.
void FinishCheckpoint(const std::filesystem::path& checkpoint, int64_t step,
                      const nlohmann::ordered_json& contents);

// The newest whole checkpoint in `folder`; damaged ones are passed over with a warning. None if
// there is none at all; an input error if there are some but none is whole.
std::optional<std::filesystem::path> FindLatestCheckpoint(const std::filesystem::path& folder);

// Throws an input error unless DONE is there and every file has the size and CRC-32 it states.
void VerifyCheckpoint(const std::filesystem::path& checkpoint);

// state.json of a checkpoint; an input error if it is not one of ours.
nlohmann::ordered_json ReadCheckpointState(const std::filesystem::path& checkpoint);

// Throws an input error if the checkpoint of this state was trained on other data than that of this
// fingerprint, in `shards_dir`.
void RequireSameData(const nlohmann::ordered_json& state, uint32_t fingerprint,
                     const std::filesystem::path& run_dir, const std::string& shards_dir);

// Points the links at the checkpoints of these steps; `best` only where that one is there (-1:
// none). Also after finding a checkpoint: a killed process may not have come to its links.
void LinkCheckpoints(const std::filesystem::path& folder, int64_t latest_step, int64_t best_step);

// Removes all but the newest `keep_last`, those that `latest` and `best` name, that of `kept_step`
// (-1: none) and those of every `keep_every`-th step (0: none of them).
void PruneCheckpoints(const std::filesystem::path& folder, int keep_last, int64_t keep_every,
                      int64_t kept_step);

}  // namespace reel3d
