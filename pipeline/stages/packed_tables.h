// Writes the tables beside shards (lib/shard/shard_set.h), once all shards are complete.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/data/frame_facts.h"
#include "lib/data/manifest.h"
#include "lib/data/missing_files.h"
#include "lib/data/passport.h"
#include "lib/shard/shard_plan.h"
#include "lib/shard/shard_set.h"

namespace reel3d {

// The videos in a folder's shards, in the order of the manifest.
struct PackedVideos {
  std::vector<IndexedVideo> index;
  std::vector<uint64_t> contents;    // ContentHash() of each video of `index`
  std::map<int, std::string> uuids;  // of each shard, by number

  int64_t NumFrames() const;
};

// Returns the numbers of the shards in `folder`, in rising order.
std::vector<int> ShardsIn(const std::filesystem::path& folder);

// Removes the shards in `folder` that `packed` does not name. They are of an earlier plan.
void RemoveOtherShards(const std::filesystem::path& folder, const PackedVideos& packed);

// Removes what tasks that were killed, on any host, have left of shards numbered [begin, end). Call
// it only if a task that is still at work publishes nothing more.
void RemoveUnpublishedShards(const std::filesystem::path& folder, size_t begin, size_t end);

// Writes index.tsv, index.bin, shards.tsv and classes.txt. Writes same_content.tsv if there are
// copies, and removes it otherwise.
void WritePackedTables(const std::filesystem::path& folder, const std::vector<std::string>& classes,
                       const PackedVideos& packed);

// Adds the videos that were never on disk to plan->missing. The evaluation counts them as wrong,
// like videos that failed. Throws an input error if the manifest has one of them.
void AddNoFiles(const Manifest& manifest, const std::vector<MissingFile>& no_files, PackPlan* plan);

// Returns the passport of the manifest in the file `path`, with counts of its rows. If list-videos
// left none, or the manifest was edited since, it has no facts of list-videos.
Passport ListedPassport(const std::filesystem::path& path, const Manifest& manifest,
                        const std::vector<MissingFile>& no_files);

// Writes passport.json: adds to `listed` what became of the rows, and how their frames were
// prepared. Call it after WritePackedTables().
void WritePackedPassport(const std::filesystem::path& folder, const Manifest& manifest,
                         Passport listed, const std::optional<FrameFacts>& frames,
                         const PackedVideos& packed);

// Logs what is doubtful about the data. Call it when the folder has its DONE.
void WarnOfDoubts(const std::filesystem::path& shards_dir);

}  // namespace reel3d
