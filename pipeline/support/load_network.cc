// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/load_network.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/cli/config_file.h"
#include "lib/cli/tool.h"
#include "lib/data/frame_facts.h"
#include "lib/data/manifest.h"
#include "lib/data/passport.h"
#include "lib/model/precision.h"
#include "lib/model/weights.h"
#include "lib/model/weights_file.h"
#include "lib/train/checkpoint/checkpoint_folder.h"
#include "lib/weights/family.h"
#include "lib/weights/weights_layout.h"
#include "lib/weights/weights_name.h"
#include "pipeline/support/stage_output.h"
#include "pipeline/support/stored_settings.h"

namespace reel3d {
namespace fs = std::filesystem;

namespace {

std::vector<std::string> ParseClasses(const nlohmann::ordered_json& json,
                                      const std::string& source) {
  const bool are_names =
      json.is_array() &&
      std::all_of(json.begin(), json.end(), [](const auto& name) { return name.is_string(); });
  if (!are_names) {
    throw InputError(source + " is not a JSON list of class names");
  }
  return json.get<std::vector<std::string>>();
}

// Makes the network that `options` describe, with these classes, and fills it from `weights`.
TrainedNetwork Make(const TrainOptions& options, std::vector<std::string> classes,
                    const fs::path& weights) {
  TrainedNetwork trained;
  trained.options = options.network;
  trained.options.num_classes = static_cast<int>(classes.size());
  trained.recipe = {options.clip, options.crop.size, options.input};
  trained.classes = std::move(classes);
  trained.network = MakeNetworkOf(trained.options, LoadWeights(weights), weights.string());
  trained.network->eval();
  return trained;
}

TrainedNetwork FromCheckpoint(const fs::path& checkpoint) {
  VerifyCheckpoint(checkpoint);
  const nlohmann::ordered_json state = ReadCheckpointState(checkpoint);
  const std::string source = (checkpoint / CheckpointFiles::kState).string();
  TrainOptions options;
  std::string config;
  UseJson(source, [&] { config = state.at("config").get<std::string>(); });
  ReadStoredSettings(&options, config, source);
  TrainedNetwork trained = Make(
      options, ParseClasses(state.value("classes", nlohmann::ordered_json()), source + ": classes"),
      checkpoint / CheckpointFiles::kModel);
  trained.identity = fmt::format("{} {}", fs::canonical(checkpoint).filename().string(),
                                 ReadFile(checkpoint / CheckpointFiles::kDone, 4096).substr(0, 8));
  trained.trained_on = PassportOrWarning([&] { return PassportOfTraining(checkpoint); });
  return trained;
}

std::string NormalisationText(const ClipInputOptions& input) {
  return fmt::format("white {:g}, {}, mean {:.6g}, std {:.6g}", input.pixel_range,
                     NameOf(input.channels), fmt::join(input.mean, " "), fmt::join(input.std, " "));
}

std::string ClipText(const TrainOptions& options) {
  return fmt::format("{} frames in steps of {}, {} pixels", options.clip.length,
                     options.clip.stride, options.crop.size);
}

// Returns in what --preprocessing differs from the settings in a file's metadata.
std::vector<TrainingDifference> PreprocessingDifferences(const TrainOptions& given,
                                                         const TrainOptions& noted) {
  std::vector<TrainingDifference> differences;
  const auto compare = [&](const char* what, const std::string& here, const std::string& trained,
                           bool is_minor) {
    if (here != trained) {
      differences.push_back({what, here, trained, is_minor});
    }
  };
  compare("normalisation", NormalisationText(given.input), NormalisationText(noted.input), false);
  compare("clip", ClipText(given), ClipText(noted), true);
  return differences;
}

// Sets how clips are made: by `recipe` (--preprocessing), else by the settings of train-r3d in the
// file's metadata. Returns the files of settings that were read, and in what they differ from the
// metadata.
std::vector<fs::path> ReadPreprocessing(TrainOptions* options, const std::string& recipe,
                                        const WeightsHeader& header, const Family& family,
                                        const fs::path& file,
                                        std::vector<TrainingDifference>* differences) {
  const auto note = header.notes.find(kConfigNote);
  if (!recipe.empty()) {
    std::vector<fs::path> read = ReadSettingsFile(options, RecipeFile(recipe));
    if (note != header.notes.end()) {  // a recipe lacks options that no tensor shows
      TrainOptions noted;
      ReadStoredSettings(&noted, note->second, file.string());
      options->network = noted.network;
      *differences = PreprocessingDifferences(*options, noted);
    }
    return read;
  }
  if (note == header.notes.end()) {
    throw UsageError(fmt::format(
        "{} does not say which clips and pixels its network wants: --preprocessing RECIPE ({} was "
        "published with {}), or a file of settings",
        file.string(), family.name, fmt::join(family.recipes, ", ")));
  }
  ReadStoredSettings(options, note->second, file.string());
  RequireModestClip(options->clip.length, options->crop.size, file.string(),
                    "--preprocessing, a file of settings with clip-length and sample-size,");
  return {};
}

std::vector<std::string> NotedClasses(const std::string& note, const fs::path& file) {
  try {
    return ParseClasses(nlohmann::ordered_json::parse(note, nullptr, /*allow_exceptions=*/false),
                        fmt::format("{}: its note {}", file.string(), kClassesNote));
  } catch (const Error& error) {
    throw InputError(std::string(error.what()) + ": --classes FILE names them instead, one a line");
  }
}

std::vector<std::string> FindClasses(const std::string& classes_file, const WeightsHeader& header,
                                     const WeightsLayout& layout, const fs::path& file) {
  const auto note = header.notes.find(kClassesNote);
  std::vector<std::string> classes;
  if (!classes_file.empty()) {
    classes = ReadClasses(classes_file);
  } else if (note != header.notes.end()) {
    classes = NotedClasses(note->second, file);
  } else {
    throw UsageError(
        fmt::format("{} does not name its {} classes: --classes FILE, one a line in "
                    "the order of its outputs (such as classes.txt of the shards)",
                    file.string(), layout.num_classes));
  }
  if (static_cast<int64_t>(classes.size()) != layout.num_classes) {
    throw InputError(
        fmt::format("{} is of {} classes, and {} names {}", file.string(), layout.num_classes,
                    classes_file.empty() ? "its metadata" : classes_file, classes.size()));
  }
  return classes;
}

TrainedNetwork FromFile(const NetworkSource& source) {
  const fs::path file = source.checkpoint;
  const WeightsHeader header = ReadWeightsHeader(file);
  if (!header.wrapper.empty()) {
    LogInfo(fmt::format("{}: {}", file.string(), header.wrapper));
  }
  const std::optional<WeightsLayout> layout = FindLayout(header.tensors);
  if (!layout) {
    throw InputError(
        fmt::format("{}: its {} tensors are of no network that reel3d knows; "
                    "inspect-file shows them",
                    file.string(), header.tensors.size()));
  }
  RequireHead(*layout, file.string());
  TrainOptions options;
  std::vector<TrainingDifference> differences;
  const std::vector<fs::path> clips_by = ReadPreprocessing(
      &options, source.preprocessing, header, FamilyOf(layout->family), file, &differences);
  ReadStoredSettings(&options, layout->Config(), file.string());
  TrainedNetwork trained = Make(options, FindClasses(source.classes, header, *layout, file), file);
  trained.differences = std::move(differences);
  trained.trained_on = PassportOrWarning([&] { return PassportOfWeights(header, file.string()); });
  trained.identity =
      fmt::format("{} {}", file.filename().string(), FileIdentity(SplitWeightsName(file).file));
  for (const fs::path& settings : clips_by) {
    trained.identity += (&settings == &clips_by.front() ? ", clips by " : " over ");
    trained.identity += FileIdentity(settings);
  }
  return trained;
}

TrainedNetwork Load(const NetworkSource& source) {
  const fs::path checkpoint = source.checkpoint;
  if (fs::is_regular_file(SplitWeightsName(checkpoint).file)) {
    return FromFile(source);
  }
  RequireFolder(checkpoint, "a checkpoint that train-r3d wrote, or a file of weights");
  if (!source.classes.empty() || !source.preprocessing.empty()) {
    throw UsageError(
        "--classes and --preprocessing are for files of weights: a checkpoint knows "
        "its own");
  }
  return FromCheckpoint(checkpoint);
}

}  // namespace

TrainedNetwork LoadTrainedNetwork(const NetworkSource& source, at::Device device,
                                  const PrecisionOptions& precision, int64_t batch) {
  TrainedNetwork trained = Load(source);
  DropDamagedFrames(&trained.trained_on);
  trained.network->to(device);
  const std::string found = UsePrecision(
      trained.network, precision, {trained.recipe.shape.length, trained.recipe.size, {batch}});
  if (!found.empty()) {
    LogInfo(found);
  }
  return trained;
}

}  // namespace reel3d
