// SPDX-License-Identifier: Apache-2.0
#include "pipeline/folder_maker.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "pipeline/stage_files.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kLockFile = "lock";  // of train-r3d

// The tool that a stage's report.json in `folder` names; "" without one.
std::string ReportedTool(const fs::path& folder) {
  const fs::path report = folder / kReportFile;
  if (!fs::exists(report)) {
    return "";
  }
  const Json json = Json::parse(ReadFile(report), nullptr, /*allow_exceptions=*/false);
  const auto tool = json.is_object() ? json.find("tool") : json.end();
  return tool != json.end() && tool->is_string() ? tool->get<std::string>() : "";
}

}  // namespace

void RequireNothingElse(const fs::path& folder) {
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.front() != '.' && name != kLockFile && name != kSettingsFile) {
      throw UsageError(
          fmt::format("{} holds files that reel3d did not write, such as {}: name a new "
                      "folder",
                      folder.string(), name));
    }
  }
}

void RequireNoOtherStage(const fs::path& folder, const std::string& tool) {
  const std::string other = ReportedTool(folder);
  if (!other.empty() && other != tool) {
    throw UsageError(
        fmt::format("{} holds what \"{}\" made: name another folder", folder.string(), other));
  }
}

std::string MakerOfFolder(const fs::path& folder) {
  std::error_code absent;
  const bool has_settings = fs::is_regular_file(folder / kSettingsFile, absent);
  const bool has_config = fs::is_regular_file(folder / kConfigFile, absent);
  if (!has_settings || !(has_config || fs::is_regular_file(folder / kReportFile, absent))) {
    return "";
  }
  const std::string tool = ReportedTool(folder);
  return tool.empty() ? "a tool that has not finished" : tool;
}

}  // namespace reel3d
