// Shards of small videos and the files of scores/ that name them, for pages that show frames.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/base/file.h"
#include "lib/shard/shard_set.h"
#include "lib/shard/shard_writer.h"
#include "lib/shard/video_scan.h"
#include "tests/frames/jpeg_pictures.h"

namespace reel3d::test {

inline constexpr FrameSize kShownFrame = {64, 48};

inline std::vector<uint8_t> ShownJpeg(int video, int frame) {
  JpegStyle style;
  style.noise = 8;
  style.photographic = true;
  return MakeJpeg(kShownFrame, 100 * video + frame, style);
}

// Writes validation videos of one shard as pack-shards does. Each has `num_frames` frames, ten a
// second.
inline void WriteShownShards(const std::filesystem::path& folder,
                             const std::vector<std::string>& ids, int num_frames) {
  constexpr int kFps = 10;
  std::vector<VideoScan> scans;
  std::vector<IndexedVideo> index;
  std::vector<std::vector<uint8_t>> frames;
  for (const std::string& id : ids) {
    const auto number = static_cast<int>(index.size());
    ShardVideo video;
    video.id = id;
    video.label = 0;
    video.width = kShownFrame.width;
    video.height = kShownFrame.height;
    video.fps_num = kFps;
    video.fps_den = 1;
    VideoScan scan(video);
    for (int frame = 0; frame < num_frames; ++frame) {
      frames.push_back(ShownJpeg(number, frame));
      scan.AddFrame(frames.back());
    }
    scans.push_back(std::move(scan));
    index.push_back({0, number, id, 0, Subset::kValidation, num_frames, kFps});
  }
  const ShardTable table = MakeTable(scans, {"jump", "wave"});
  MakeFolders(folder);
  ShardWriter writer(folder / "00000.h5", table, "0123456789abcdef");
  for (const std::vector<uint8_t>& jpeg : frames) {
    writer.Append(jpeg);
  }
  writer.Publish();
  WriteIndex(folder / "index.tsv", index);
  WriteShardList(folder / "shards.tsv", {{0, ContentUuid(table)}});
  WriteClasses(folder / "classes.txt", {"jump", "wave"});
  WriteMissing(folder / "missing.tsv", {});
  WriteFileAtomically(folder / "DONE", FormatTableChecksums(folder));
}

// Returns report.json of score-videos that scored `shards` with these crops.
inline nlohmann::ordered_json ScoredReport(const std::filesystem::path& shards,
                                           const char* crops = "1", int stride = 1) {
  return {{"checkpoint", "step-1 0123abcd"},
          {"inputs",
           {{{"path", "latest"}, {"identity", "step-1 0123abcd"}},
            {{"path", shards.string()},
             {"identity", fmt::format("{:08x}", ShardSet(shards).fingerprint())}}}},
          {"clip",
           {{"from_videos", false},
            {"frames", 16},
            {"frame_stride", stride},
            {"size", 40},
            {"crops", crops},
            {"short_side", 40},
            {"decoding", "fast"}}}};
}

}  // namespace reel3d::test
