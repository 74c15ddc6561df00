// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/inspect_data.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <map>
#include <numeric>
#include <string_view>

#include "lib/base/file.h"
#include "lib/base/text_lines.h"
#include "lib/data/manifest.h"
#include "lib/eval/feature_file.h"
#include "lib/eval/score_file.h"
#include "lib/hdf5/hdf5_reader.h"
#include "lib/shard/shard_reader.h"
#include "lib/shard/shard_set.h"
#include "lib/shard/video_index.h"
#include "lib/video/prepared_video.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

std::string ClassName(const std::vector<std::string>& classes, int label) {
  return label < 0 ? "" : classes.at(static_cast<size_t>(label));
}

Json InspectManifest(const fs::path& file) {
  std::map<std::string, std::map<Subset, int>> counts;
  const Manifest manifest = ReadManifest(file);
  for (const VideoRow& row : manifest.videos) {
    ++counts[row.label][row.subset];
  }
  Json rows = Json::array();
  for (auto& [label, of_subset] : counts) {
    rows.push_back({{"class", label},
                    {"training", of_subset[Subset::kTraining]},
                    {"validation", of_subset[Subset::kValidation]},
                    {"testing", of_subset[Subset::kTesting]}});
  }
  return {{"kind", "manifest"}, {"num_videos", manifest.videos.size()}, {"rows", rows}};
}

Json InspectIndex(const std::string& kind, const VideoIndex& index) {
  std::array<int64_t, kNumSubsets> num_frames = {};
  index.Scan([&](size_t /*video*/, const IndexRecord& record) {
    num_frames.at(record.subset) += record.num_frames;
  });
  Json rows = Json::array();
  for (const auto& choice : ChoicesOf(Subset())) {
    if (const int64_t num_videos = index.Count(choice.value); num_videos > 0) {
      rows.push_back({{"subset", choice.name},
                      {"num_videos", num_videos},
                      {"num_frames", num_frames.at(static_cast<size_t>(choice.value))}});
    }
  }
  return {{"kind", kind},
          {"num_shards", index.shards().size()},
          {"num_videos", index.size()},
          {"num_frames", std::accumulate(num_frames.begin(), num_frames.end(), int64_t{0})},
          {"rows", rows}};
}

Json InspectShardList(const fs::path& file) {
  Json rows = Json::array();
  for (const auto& [shard, uuid] : ReadShardList(file)) {
    rows.push_back({{"shard", shard}, {"uuid", uuid}});
  }
  return {{"kind", "list of shards"}, {"num_shards", rows.size()}, {"rows", rows}};
}

Json InspectShard(const fs::path& file) {
  const ShardReader reader(file);
  const ShardTable& table = reader.table();
  Json rows = Json::array();
  for (size_t i = 0; i < table.videos.size(); ++i) {
    const ShardVideo& video = table.videos[i];
    rows.push_back({{"id", video.id},
                    {"class", ClassName(table.classes, video.label)},
                    {"num_frames", table.first_frames[i + 1] - table.first_frames[i]},
                    {"width", video.width},
                    {"height", video.height},
                    {"fps", static_cast<double>(video.fps_num) / video.fps_den},
                    {"restart_interval", video.restart_interval}});
  }
  return {{"kind", "shard"},
          {"uuid", reader.uuid()},
          {"tool", reader.tool()},
          {"height", table.height},
          {"quality", table.quality},
          {"num_classes", table.classes.size()},
          {"num_videos", table.videos.size()},
          {"num_frames", table.num_frames()},
          {"frame_bytes", table.data_bytes()},
          {"rows", rows}};
}

Json InspectScores(const fs::path& file) {
  const Scores scores = ReadScores(file);
  std::vector<int> num_clips(scores.videos.size(), 0);
  for (const ScoredClip& clip : scores.clips) {
    ++num_clips[clip.video];
  }
  Json rows = Json::array();
  for (size_t i = 0; i < scores.videos.size(); ++i) {
    rows.push_back({{"id", scores.videos[i].id},
                    {"class", ClassName(scores.classes, scores.videos[i].label)},
                    {"num_clips", num_clips[i]}});
  }
  return {{"kind", "scores"},
          {"checkpoint", scores.checkpoint},
          {"data", scores.data},
          {"settings", scores.settings},
          {"subset", scores.subset},
          {"part", scores.part},
          {"num_parts", scores.num_parts},
          {"num_classes", scores.classes.size()},
          {"num_videos", scores.videos.size()},
          {"num_videos_expected", scores.num_videos_expected},
          {"num_clips", scores.clips.size()},
          {"rows", rows}};
}

Json InspectFeatures(const fs::path& file) {
  const FeatureTable table = ReadFeatures(file);
  std::vector<int> num_rows(table.videos.size(), 0);
  for (const uint32_t video : table.video) {
    ++num_rows[video];
  }
  Json rows = Json::array();
  for (size_t i = 0; i < table.videos.size(); ++i) {
    rows.push_back({{"id", table.videos[i].id},
                    {"class", ClassName(table.classes, table.videos[i].label)},
                    {"num_rows", num_rows[i]}});
  }
  return {{"kind", "features"},
          {"checkpoint", table.checkpoint},
          {"data", table.data},
          {"layer", table.layer},
          {"shape", fmt::format("{}", fmt::join(table.shape, " x "))},
          {"num_classes", table.classes.size()},
          {"num_videos", table.videos.size()},
          {"num_rows", table.video.size()},
          {"rows", rows}};
}

}  // namespace

Json InspectHdf5(const fs::path& file) {
  const std::string format = Hdf5Reader(file).Text("format");
  return format == kShardFormat     ? InspectShard(file)
         : format == kFeatureFormat ? InspectFeatures(file)
                                    : InspectScores(file);
}

Json InspectTable(const fs::path& file) {
  const std::string bytes = ReadFile(file);
  const std::string_view text = WithoutByteOrderMark(bytes);
  if (text.compare(0, 10, "shard\tuuid") == 0) {
    return InspectShardList(file);
  }
  return text.compare(0, 5, "shard") == 0
             ? InspectIndex("index of shards", VideoIndex(ReadIndex(file), {}, file))
             : InspectManifest(file);
}

Json InspectIndexImage(const fs::path& file) {
  const VideoIndex index(file);
  index.Verify();
  const fs::path table = file.parent_path() / "index.tsv";
  std::error_code error;
  if (fs::exists(table, error) && !(SumOfFile(table) == index.table())) {
    index.Fail("belongs to another index.tsv than the one beside it");
  }
  return InspectIndex("mapped index of shards", index);
}

Json InspectPreparedVideo(const fs::path& file) {
  PreparedVideoReader reader(file);
  std::vector<uint8_t> jpeg;
  int64_t num_frames = 0;
  uint64_t jpeg_bytes = 0;
  while (reader.Next(&jpeg)) {
    ++num_frames;
    jpeg_bytes += jpeg.size();
  }
  const PreparedVideoInfo& info = reader.info();
  return {{"kind", "prepared video"},
          {"num_frames", num_frames},
          {"width", info.width},
          {"height", info.height},
          {"fps", fmt::format("{}/{}", info.fps_num, info.fps_den)},
          {"bytes_per_frame", num_frames == 0 ? 0 : jpeg_bytes / static_cast<uint64_t>(num_frames)},
          {"rows", Json::array()}};
}

}  // namespace reel3d
