// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/heat_file.h"

#include <fmt/format.h>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/json.h"

namespace reel3d {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "reel3d-heat";
constexpr int kVersion = 1;

// Throws if a value is not one of 0 .. 255. get<uint8_t>() would cut off the higher bits.
std::vector<uint8_t> GridOf(const Json& json) {
  std::vector<uint8_t> grid;
  for (const Json& value : json) {
    const auto number = value.get<int64_t>();
    if (number < 0 || number > UINT8_MAX) {
      throw InputError("heat.json: a value of the heat is not within 0 .. 255");
    }
    grid.push_back(static_cast<uint8_t>(number));
  }
  if (grid.size() != size_t{kHeatSide} * kHeatSide) {
    throw InputError(fmt::format("heat.json: a frame has {} values and not {}", grid.size(),
                                 kHeatSide * kHeatSide));
  }
  return grid;
}

ClipHeat ClipOf(const Json& json) {
  ClipHeat clip;
  clip.id = json.at("id").get<std::string>();
  clip.class_name = json.at("class").get<std::string>();
  clip.first_frame = json.at("first_frame").get<int64_t>();
  clip.crop = json.at("crop").get<int>();
  for (const Json& frame : json.at("heat")) {
    clip.frames.push_back(GridOf(frame));
  }
  return clip;
}

}  // namespace

void WriteHeatFile(const std::filesystem::path& file, const HeatFile& heat) {
  Json clips = Json::array();
  for (const ClipHeat& clip : heat.clips) {
    clips.push_back({{"id", clip.id},
                     {"class", clip.class_name},
                     {"first_frame", clip.first_frame},
                     {"crop", clip.crop},
                     {"heat", clip.frames}});
  }
  const Json json = {
      {"format", kFormat},     {"version", kVersion}, {"checkpoint", heat.checkpoint},
      {"method", heat.method}, {"finer", heat.finer}, {"clips", std::move(clips)}};
  WriteFileAtomically(file, json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
}

HeatFile ReadHeatFile(const std::filesystem::path& file) {
  const Json json = ReadJsonObject(file);
  HeatFile heat;
  UseJson(file.string(), [&] {
    if (json.at("format").get<std::string>() != kFormat ||
        json.at("version").get<int>() != kVersion) {
      throw InputError("heat.json: this version of explain-mistakes did not write it");
    }
    heat.checkpoint = json.at("checkpoint").get<std::string>();
    heat.method = json.at("method").get<std::string>();
    heat.finer = json.at("finer").get<int>();
    for (const Json& clip : json.at("clips")) {
      heat.clips.push_back(ClipOf(clip));
    }
  });
  return heat;
}

}  // namespace reel3d
