// Finds the clips that score-videos scored again: opens their shards, and gives the frames of a
// clip.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/data/crop_plan.h"
#include "lib/frames/frame_decoder.h"
#include "lib/report/read/run_record.h"
#include "lib/shard/shard_set.h"

namespace reel3d {

// Says what was scored, and how clips were made of it.
struct ScoredClips {
  std::string checkpoint;            // TrainedNetwork::identity
  std::string data;                  // fingerprint of the shards, hexadecimal
  std::filesystem::path shards_dir;  // at the time of scoring
  nlohmann::ordered_json clip;       // the report's object, which also holds the values below
  int length = 16;                   // ClipShape::length
  int stride = 1;                    // ClipShape::stride
  int size = 112;                    // pixels: side of the crops
  CropChoice crops;
  Decoding decoding = Decoding::kFast;
};

// Reads report.json of score-videos. Throws an input error if it is empty, or written by an older
// version, or makes no sense, or if video files were scored without shards.
ScoredClips ScoredClipsOf(const nlohmann::ordered_json& report);

// Opens shards. Throws an input error if they are not complete or not the data that was scored.
std::unique_ptr<ShardSet> OpenScoredShards(const std::filesystem::path& folder,
                                           const ScoredClips& scored);

// Returns the place of a video in shards.videos(). Throws an input error if it is not there.
size_t FindVideo(const ShardSet& shards, const std::string& id);

// Returns the numbers of a clip's different frames, in order of time. Throws an input error if the
// video or the network's clips are shorter, or there is no such crop.
std::vector<int> FramesOf(const report::SeenClip& clip, const IndexedVideo& video,
                          const ScoredClips& scored);

}  // namespace reel3d
