// A small shard of real JPEGs for tests.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lib/base/file.h"
#include "lib/shard/shard_set.h"
#include "lib/shard/shard_writer.h"
#include "lib/shard/video_scan.h"
#include "tests/frames/jpeg_pictures.h"

namespace reel3d::test {

struct SmallShard {
  std::vector<std::vector<uint8_t>> frames;  // of all videos, in order
  ShardTable table;
};

// Returns three videos of 5, 1 and 3 frames of 48 x 32 pixels. The second has no label.
inline SmallShard MakeSmallShard() {
  SmallShard shard;
  std::vector<VideoScan> scans;
  for (const auto& [id, label, num_frames] :
       {std::tuple("first", 1, 5), std::tuple("second", -1, 1), std::tuple("third", 0, 3)}) {
    ShardVideo video;
    video.id = id;
    video.label = label;
    video.width = 48;
    video.height = 32;
    video.fps_num = 30000;
    video.fps_den = 1001;
    VideoScan scan(video);
    for (int frame = 0; frame < num_frames; ++frame) {
      const auto number = static_cast<int>(shard.frames.size());
      shard.frames.push_back(MakeJpeg({48, 32}, number));
      scan.AddFrame(shard.frames.back());
    }
    scans.push_back(std::move(scan));
  }
  shard.table = MakeTable(scans, {"jump", "wave"});
  return shard;
}

inline void WriteShard(const std::filesystem::path& file, const SmallShard& shard) {
  ShardWriter writer(file, shard.table, "0123456789abcdef");
  for (const std::vector<uint8_t>& jpeg : shard.frames) {
    writer.Append(jpeg);
  }
  writer.Publish();
}

// Writes a folder of two shards as pack-shards does. In the second shard, ids end in "_b". Returns
// the first shard.
inline SmallShard WriteSmallShards(const std::filesystem::path& folder) {
  const SmallShard shard = MakeSmallShard();
  SmallShard other = shard;
  for (ShardVideo& video : other.table.videos) {
    video.id += "_b";
  }
  WriteShard(folder / "00000.h5", shard);
  WriteShard(folder / "00001.h5", other);
  std::vector<IndexedVideo> index;
  for (const int number : {0, 1}) {
    const std::string suffix = number == 0 ? "" : "_b";
    index.push_back({number, 0, "first" + suffix, 1, Subset::kTraining, 5, 25});
    index.push_back({number, 1, "second" + suffix, -1, Subset::kTesting, 1, 25});
    index.push_back({number, 2, "third" + suffix, 0, Subset::kValidation, 3, 25});
  }
  WriteIndex(folder / "index.tsv", index);
  WriteShardList(folder / "shards.tsv",
                 {{0, ContentUuid(shard.table)}, {1, ContentUuid(other.table)}});
  WriteClasses(folder / "classes.txt", {"jump", "wave"});
  WriteMissing(folder / "missing.tsv", {{"lost", Subset::kValidation}});
  WriteFileAtomically(folder / "DONE", FormatTableChecksums(folder));
  return shard;
}

}  // namespace reel3d::test
