// SPDX-License-Identifier: Apache-2.0
#include "pipeline/inspect_file.h"

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <optional>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/text_lines.h"
#include "lib/data/manifest.h"
#include "lib/eval/score_file.h"
#include "lib/hdf5/hdf5_reader.h"
#include "lib/model/weights_header.h"
#include "lib/model/weights_layout.h"
#include "lib/model/weights_name.h"
#include "lib/shard/shard_reader.h"
#include "lib/shard/shard_set.h"
#include "lib/train/checkpoint_folder.h"
#include "lib/video/prepared_video.h"
#include "pipeline/item_loop.h"
#include "pipeline/stage_tasks.h"
#include "pipeline/task_slice.h"

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

Json InspectIndex(const fs::path& file) {
  struct Counts {
    int64_t videos = 0, frames = 0;
  };
  std::map<Subset, Counts> counts;
  Counts sum;
  int num_shards = 0;
  for (const IndexedVideo& video : ReadIndex(file)) {
    num_shards += video.video_index == 0 ? 1 : 0;
    for (Counts* of : {&counts[video.subset], &sum}) {
      ++of->videos;
      of->frames += video.num_frames;
    }
  }
  Json rows = Json::array();
  for (const auto& [subset, of_subset] : counts) {
    rows.push_back({{"subset", SubsetName(subset)},
                    {"num_videos", of_subset.videos},
                    {"num_frames", of_subset.frames}});
  }
  return {{"kind", "index of shards"},
          {"num_shards", num_shards},
          {"num_videos", sum.videos},
          {"num_frames", sum.frames},
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

Json InspectHdf5(const fs::path& file) {
  const std::string format = Hdf5Reader(file).Text("format");
  return format == kShardFormat ? InspectShard(file) : InspectScores(file);
}

Json InspectTable(const fs::path& file) {
  const std::string bytes = ReadFile(file);
  const std::string_view text = WithoutByteOrderMark(bytes);
  if (text.compare(0, 10, "shard\tuuid") == 0) {
    return InspectShardList(file);
  }
  return text.compare(0, 5, "shard") == 0 ? InspectIndex(file) : InspectManifest(file);
}

// A file of weights of any format: what it says of itself, the network found in it, its tensors.
Json InspectWeights(const fs::path& file) {
  const WeightsHeader header = ReadWeightsHeader(file);
  int64_t num_values = 0;
  Json rows = Json::array();
  for (const TensorHeader& tensor : header.tensors) {
    int64_t count = 1;
    for (const int64_t extent : tensor.shape) {
      count *= extent;
    }
    num_values += count;
    rows.push_back({{"tensor", tensor.name},
                    {"type", tensor.type},
                    {"shape", fmt::format("{}", fmt::join(tensor.shape, " x "))},
                    {"values", count}});
  }
  Json json = {{"kind", "weights"}, {"format", header.format}};
  if (!header.wrapper.empty()) {
    json["wrapper"] = header.wrapper;
  }
  for (const auto& [key, value] : header.notes) {
    json["note: " + key] = value;
  }
  const std::optional<WeightsLayout> layout = FindLayout(header.tensors);
  json["network"] = layout ? layout->Describe() : "none that reel3d knows";
  json.update({{"tensors", rows.size()}, {"values", num_values}, {"rows", rows}});
  return json;
}

// A prepared video: Motion-JPEG in Matroska, read to its end.
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

// A checkpoint: where training stood, then its tensors.
Json InspectCheckpoint(const fs::path& folder) {
  Json json = {{"kind", "checkpoint"}, {"finished", fs::exists(folder / CheckpointFiles::kDone)}};
  json.update(ReadCheckpointState(folder));
  json.update(InspectWeights(folder / CheckpointFiles::kModel));
  json["kind"] = "checkpoint";
  return json;
}

// The folder of a stage: its report, whether it has finished, and what failed.
Json InspectFolder(const fs::path& folder) {
  if (fs::exists(folder / CheckpointFiles::kState)) {
    return InspectCheckpoint(folder);
  }
  const fs::path report = folder / "report.json";
  const fs::path config = folder / "config.ini";
  if (!fs::exists(report) && !fs::exists(config)) {
    throw InputError(folder.string() + ": not a folder that a stage of reel3d wrote");
  }
  Json json = {{"kind", "folder of a stage"}, {"finished", fs::exists(folder / "DONE")}};
  if (fs::exists(report)) {
    json.update(ReadJsonObject(report));
  }
  if (const std::vector<int> unfinished = TasksNotDone(folder); !unfinished.empty()) {
    json["tasks not done"] = "--array=" + FormatArrayList(unfinished);
  }
  Json rows = Json::array();
  const fs::path failed = folder / "failed.tsv";
  if (fs::exists(failed)) {
    for (const FailedItem& item : ParseFailedItems(ReadFile(failed), failed.string())) {
      rows.push_back({{"failed", item.id}, {"stage", item.stage}, {"reason", item.reason}});
    }
  }
  json["rows"] = rows;
  return json;
}

// Fit for a terminal, whoever wrote it; lines behind the first stand indented.
std::string Printable(const std::string& text) {
  std::string printable;
  for (const char byte : text) {
    if (byte == '\n') {
      printable += "\n                     ";
    } else {
      printable += (byte >= 0 && byte < ' ') || byte == 127 ? '?' : byte;
    }
  }
  return printable;
}

std::string ValueText(const Json& value) {
  return value.is_string() ? Printable(value.get<std::string>()) : value.dump();
}

std::string FormatTable(const Json& rows, size_t count) {
  std::vector<std::vector<std::string>> lines(count + 1);
  for (const auto& [key, value] : rows[0].items()) {
    size_t width = key.size();
    for (size_t row = 0; row < count; ++row) {
      width = std::max(width, ValueText(rows[row][key]).size());
    }
    lines[0].push_back(fmt::format("{:<{}}", key, width));
    for (size_t row = 0; row < count; ++row) {
      const std::string text = ValueText(rows[row][key]);
      lines[row + 1].push_back(value.is_number() ? fmt::format("{:>{}}", text, width)
                                                 : fmt::format("{:<{}}", text, width));
    }
  }
  std::string table;
  for (const std::vector<std::string>& line : lines) {
    const std::string text = fmt::format("{}", fmt::join(line, "  "));
    table += text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
  }
  return table;
}

}  // namespace

void InspectFileOptions::Bind(OptionBinder& binder) {
  binder.Positional(
      "FILE", &file,
      "a manifest, index.tsv, shards.tsv, prepared video (.mkv), shard, score file, checkpoint, "
      "weights (.safetensors, .pth, .pt, .tar), the folder of a stage, or, with --layers, settings "
      "of train-r3d (.ini)");
  binder.Bind("rows", &rows, {0, INT32_MAX},
              "print at most so many rows; 0: all. --json always holds all of them",
              Effect::kRunOnly);
  binder.Bind("frames-to", &frames_to,
              "a new or empty folder for the frames of one video of a shard, or of a prepared "
              "video, as 000000.jpg and so on",
              Effect::kRunOnly);
  binder.Bind("layers", &layers,
              "of a checkpoint, weights or settings: the network's layers in place of its tensors, "
              "with output shapes, parameters, multiply-adds and the memory of activations per "
              "clip in float32, measured on this CPU. Runs the network, so it takes seconds",
              Effect::kRunOnly);
  binder.Bind("clip-frames", &clip.frames, {0, 1024},
              "frames of the clips that --layers counts for; 0: as trained or published",
              Effect::kRunOnly);
  binder.Bind("size", &clip.size, {0, 1024},
              "height and width, in pixels, of those clips; 0: as trained or published",
              Effect::kRunOnly);
  binder.Bind("video", &video, "which video of the shard, by its id", Effect::kRunOnly);
}

void InspectFileOptions::Check() const {
  if (!video.empty() && frames_to.empty()) {
    throw UsageError("--video says whose frames --frames-to writes: say where to");
  }
  if (!layers && (clip.frames != 0 || clip.size != 0)) {
    throw UsageError("--clip-frames and --size say what --layers counts for: give it too");
  }
}

nlohmann::ordered_json InspectFile(const std::string& file) {
  if (fs::is_directory(file)) {
    return InspectFolder(file);
  }
  RequireFile(SplitWeightsName(file).file, "what to inspect");
  const std::string extension = fs::path(file).extension().string();
  if (extension == ".h5") {
    return InspectHdf5(file);
  }
  if (extension == ".mkv") {
    return InspectPreparedVideo(file);
  }
  if (extension == ".tsv") {
    return InspectTable(file);
  }
  return InspectWeights(file);  // they are told by what is in them: their names end in anything
}

Json InspectLayers(const std::string& file, const ProfiledClip& clip) {
  // Of settings there is nothing else to say.
  Json json = fs::path(file).extension() == ".ini" ? Json{{"kind", "settings"}} : InspectFile(file);
  json.erase("rows");
  json.update(DescribeNetwork(file, clip));
  return json;
}

std::string FormatInspection(const nlohmann::ordered_json& description, int max_rows) {
  std::string text;
  for (const auto& [key, value] : description.items()) {
    if (key != "rows") {
      text += fmt::format("{:<20} {}\n", Printable(key), ValueText(value));
    }
  }
  const Json& rows = description["rows"];
  const size_t count = max_rows == 0 ? rows.size() : std::min<size_t>(rows.size(), max_rows);
  if (count > 0) {
    text += "\n" + FormatTable(rows, count);
  }
  if (count < rows.size()) {
    text += fmt::format("... and {} more: --rows 0 prints all\n", rows.size() - count);
  }
  return text;
}

}  // namespace reel3d
