// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/heat_file.h"

#include <fmt/format.h>

#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/json.h"

namespace reel3d {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "reel3d-heat";
constexpr int kVersion = 1;

constexpr uint64_t kMostBytes = uint64_t{1} << 24;

// Reads values, and throws an input error that begins with the file's name.
class HeatReader {
 public:
  explicit HeatReader(std::string file) : file_(std::move(file)) {}

  HeatFile Read(const Json& json) const {
    Demand(json.at("format").get<std::string>() == kFormat, "is not the heat of explain-mistakes");
    IntegerAt(json, "version", kVersion, kVersion, file_);
    HeatFile heat;
    heat.checkpoint = json.at("checkpoint").get<std::string>();
    heat.data = json.at("data").get<std::string>();
    heat.clip = json.at("clip");
    heat.method = json.at("method").get<std::string>();
    heat.finer = static_cast<int>(IntegerAt(json, "finer", 0, UINT8_MAX, file_));
    for (const Json& clip : ListOf(json, "clips")) {
      heat.clips.push_back(ClipOf(clip));
    }
    return heat;
  }

 private:
  void Demand(bool holds, const std::string& otherwise) const {
    if (!holds) {
      throw InputError(fmt::format("{}: {}", file_, otherwise));
    }
  }

  const Json& ListOf(const Json& json, const char* name) const {
    const Json& list = json.at(name);
    Demand(list.is_array(), fmt::format("{} is not a list", name));
    return list;
  }

  ClipHeat ClipOf(const Json& json) const {
    ClipHeat clip;
    clip.id = json.at("id").get<std::string>();
    clip.class_name = json.at("class").get<std::string>();
    clip.first_frame = IntegerAt(json, "first_frame", 0, INT32_MAX, file_);
    clip.crop = static_cast<int>(IntegerAt(json, "crop", 0, UINT8_MAX, file_));
    for (const Json& frame : ListOf(json, "heat")) {
      Demand(frame.is_array(), "a frame of the heat is not a list");
      clip.frames.push_back(GridOf(frame));
    }
    return clip;
  }

  std::vector<uint8_t> GridOf(const Json& json) const {
    std::vector<uint8_t> grid;
    for (const Json& value : json) {
      const auto number = value.is_number_integer() ? value.get<int64_t>() : -1;
      Demand(number >= 0 && number <= UINT8_MAX, "a value of the heat is not one of 0 .. 255");
      grid.push_back(static_cast<uint8_t>(number));
    }
    Demand(grid.size() == size_t{kHeatSide} * kHeatSide,
           fmt::format("a frame has {} values and not {}", grid.size(), kHeatSide * kHeatSide));
    return grid;
  }

  const std::string file_;
};

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
      {"format", kFormat},   {"version", kVersion},      {"checkpoint", heat.checkpoint},
      {"data", heat.data},   {"clip", heat.clip},        {"method", heat.method},
      {"finer", heat.finer}, {"clips", std::move(clips)}};
  WriteFileAtomically(file, json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
}

HeatFile ReadHeatFile(const std::filesystem::path& file) {
  HeatFile heat;
  try {
    const Json json = ReadJsonObject(file, kMostBytes);
    UseJson(file.string(), [&] { heat = HeatReader(file.string()).Read(json); });
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInput) {
      throw;
    }
    throw InputError(std::string(error.what()) + "; run explain-mistakes again");
  }
  return heat;
}

}  // namespace reel3d
