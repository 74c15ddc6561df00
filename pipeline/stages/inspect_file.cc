// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/inspect_file.h"

#include <fmt/format.h>

#include <filesystem>
#include <optional>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/ledger/goodput.h"
#include "lib/shard/index_image.h"
#include "lib/train/checkpoint/checkpoint_folder.h"
#include "lib/weights/weights_header.h"
#include "lib/weights/weights_layout.h"
#include "lib/weights/weights_name.h"
#include "pipeline/stages/inspect_data.h"
#include "pipeline/stages/inspect_passport.h"
#include "pipeline/stages/inspection_text.h"
#include "pipeline/support/item_loop.h"
#include "pipeline/support/sharing_state.h"
#include "pipeline/support/stage_tasks.h"
#include "pipeline/support/task_slice.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

// Describes a file of weights of any format: its metadata, the network found in it, its tensors.
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

// Describes a checkpoint: the state of the training, then its tensors.
Json InspectCheckpoint(const fs::path& folder) {
  Json json = {{"kind", "checkpoint"}, {"finished", fs::exists(folder / CheckpointFiles::kDone)}};
  json.update(ReadCheckpointState(folder));
  json.erase("passport");  // inspect-file CHECKPOINT OTHER compares it
  json.update(InspectWeights(folder / CheckpointFiles::kModel));
  json["kind"] = "checkpoint";
  return json;
}

// Describes the starts of a training, and where their time went.
Json InspectStarts(const fs::path& file) {
  const std::optional<Goodput> goodput = ReadGoodput(fs::absolute(file).parent_path());
  if (!goodput) {
    throw InputError(file.string() + ": holds no start of train-r3d");
  }
  Json json = {{"kind", kKindInTime}, {"summary", Describe(*goodput)}};
  json.update(ToJson(*goodput));
  json["rows"] = json["starts"];
  json.erase("starts");
  json["starts"] = goodput->jobs.size();
  return json;
}

// Describes the folder of a stage: its report, whether it has finished, and which items failed.
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
  if (const std::optional<SharingState> sharing = ReadSharingState(folder)) {
    json["slices"] = sharing->num_slices;
    json["slices done"] = sharing->num_done;
    json["slices at work"] = sharing->num_at_work;
    if (!sharing->ended.empty()) {
      json["attempts that ended"] = fmt::format("{}", fmt::join(sharing->ended, "; "));
    }
  } else if (const std::vector<int> unfinished = TasksNotDone(folder); !unfinished.empty()) {
    json["tasks not done"] = "ARRAY=" + FormatArrayList(unfinished);
  }
  if (const std::optional<Goodput> goodput = ReadGoodput(folder)) {
    json["goodput"] = Describe(*goodput);
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

}  // namespace

void InspectFileOptions::Bind(OptionBinder& binder) {
  binder.Positional(
      "FILE", &files,
      "a manifest, index.tsv, index.bin, shards.tsv, prepared video (.mkv), shard, scores or "
      "features (.h5), "
      "checkpoint, weights (.safetensors, .pth, .pt, .tar), passport (.json), the folder of a "
      "stage, its starts.jsonl, with --layers settings of train-r3d (.ini), or with --watch a run. "
      "Two that carry "
      "passports are compared: where their data sets differ is printed");
  binder.Bind(
      "rows", &rows, {0, INT32_MAX},
      "maximum number of rows to print: the first ones, but the newest starts of starts.jsonl; "
      "--json always prints all. 0: all",
      Effect::kRunOnly);
  binder.Bind("frames-to", &frames_to,
              "write the frames of a prepared video, or of the video --video of a shard, to this "
              "new folder, as 000000.jpg and so on; a folder without files also serves. Empty: no "
              "frames",
              Effect::kRunOnly);
  binder.Bind("layers", &layers,
              "print layers instead of tensors, for a checkpoint, weights or settings: output "
              "shapes, parameters, multiply-adds, and memory of activations per clip in float32. "
              "The network runs on the CPU for this, which takes seconds",
              Effect::kRunOnly);
  binder.Bind("clip-frames", &clip.frames, {0, 1024},
              "frames of the clips that --layers counts for; 0: as trained or published",
              Effect::kRunOnly);
  binder.Bind("size", &clip.size, {0, 1024},
              "height and width in pixels of the clips that --layers counts for; 0: as trained or "
              "published",
              Effect::kRunOnly);
  binder.Bind("video", &video, "id of the shard's video for --frames-to", Effect::kRunOnly);
  watch.Bind(binder);
}

void InspectFileOptions::Check() const {
  if (watch.watch && (files.size() > 1 || layers || !frames_to.empty())) {
    throw UsageError("--watch takes one folder, and neither --layers nor --frames-to");
  }
  if (files.size() > 2 || (files.size() == 2 && (layers || !frames_to.empty()))) {
    throw UsageError("name one FILE, or two without --layers and --frames-to to compare passports");
  }
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
  if (fs::path(file).filename() == kStartsFile) {
    return InspectStarts(file);
  }
  if (extension == ".json") {
    return InspectPassport(file);
  }
  if (fs::path(file).filename() == kIndexImageFile) {
    return InspectIndexImage(file);
  }
  return InspectWeights(file);  // recognised by content: names of weights may end in anything
}

Json InspectLayers(const std::string& file, const ProfiledClip& clip) {
  // A file of settings has no other description.
  Json json = fs::path(file).extension() == ".ini" ? Json{{"kind", "settings"}} : InspectFile(file);
  json.erase("rows");
  json.update(DescribeNetwork(file, clip));
  return json;
}

}  // namespace reel3d
