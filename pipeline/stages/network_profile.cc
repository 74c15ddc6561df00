// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/network_profile.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <optional>

#include "lib/base/error.h"
#include "lib/base/json.h"
#include "lib/dist/torch_errors.h"
#include "lib/model/profile.h"
#include "lib/model/weights.h"
#include "lib/train/checkpoint/checkpoint_folder.h"
#include "lib/weights/weights_header.h"
#include "pipeline/support/stored_settings.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

TrainOptions SettingsOfCheckpoint(const fs::path& folder) {
  const Json state = ReadCheckpointState(folder);
  TrainOptions options;
  std::string config;
  std::vector<std::string> classes;
  UseJson(folder.string(), [&] {
    config = state.value("config", "");
    classes = state.value("classes", classes);
  });
  ReadStoredSettings(&options, config, folder.string());
  options.network.num_classes = static_cast<int>(classes.size());
  return options;
}

TrainOptions SettingsOfConfig(const fs::path& file) {
  TrainOptions options;
  try {
    ReadSettingsFile(&options, file);
    options.Check();
  } catch (const Error& error) {
    throw InputError(error.what());  // a fault of the file, not of the command line
  }
  return options;
}

Json ToJson(const NetworkOptions& network, const ProfiledClip& clip) {
  const NetworkProfile profile = ProfileNetwork(network, clip.frames, clip.size, clip.size);
  Json rows = Json::array();
  for (const LayerProfile& layer : profile.layers) {
    rows.push_back({{"layer", layer.name},
                    {"kind", layer.kind},
                    {"output", fmt::format("{}", fmt::join(layer.output, " x "))},
                    {"parameters", layer.parameters},
                    {"multiply_adds", layer.multiply_adds}});
  }
  return {{"network", Describe(network)},
          {"num_classes", network.num_classes},
          {"clip",
           fmt::format("{} x {} x {} x {}", network.channels, clip.frames, clip.size, clip.size)},
          {"parameters", profile.parameters},
          {"multiply_adds", profile.multiply_adds},
          {"training_bytes", profile.training_bytes},
          {"inference_bytes", profile.inference_bytes},
          {"rows", rows}};
}

}  // namespace

Json DescribeNetwork(const std::string& file, const ProfiledClip& clip) {
  const fs::path path = file;
  TrainOptions options;
  std::optional<NetworkLimit> limit;
  if (fs::is_directory(path)) {
    options = SettingsOfCheckpoint(path);
    limit.emplace(ReadWeightsHeader(path / CheckpointFiles::kModel).tensors, file);
  } else if (path.extension() == ".ini") {
    options = SettingsOfConfig(path);
  } else {
    const WeightsHeader header = ReadWeightsHeader(path);
    options = SettingsOfWeights(header, file);
    limit.emplace(header.tensors, file);
  }
  ProfiledClip counted = clip;
  if (counted.frames == 0) {
    counted.frames = options.clip.length;
  }
  if (counted.size == 0) {
    counted.size = options.crop.size;
  }
  if (limit && (clip.frames == 0 || clip.size == 0)) {  // else the user chose the size
    RequireModestClip(counted.frames, counted.size, file);
  }
  Json json;
  WithTorchErrors([&] { json = ToJson(options.network, counted); });
  return json;
}

}  // namespace reel3d
