// SPDX-License-Identifier: Apache-2.0
#include "pipeline/folder_maker.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <sstream>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "pipeline/stage_files.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kLockFile = "lock";  // of train-r3d

constexpr std::array kStages = {"make-demo-videos", "prep-videos",  "pack-shards",
                                "train-r3d",        "score-videos", "evaluate-scores"};

// Returns the content of a file that a stage may have written, "" if it is none: the files of a
// stage are small, and opening a pipe would wait for its writer.
std::string ReadSmallFile(const fs::path& file) {
  constexpr uint64_t kMostBytes = 1 << 20;
  std::error_code error;
  if (!fs::is_regular_file(file, error) || fs::file_size(file, error) > kMostBytes) {
    return "";
  }
  try {
    return ReadFile(file, kMostBytes);
  } catch (const Error&) {
    return "";
  }
}

// Returns the stage that the report.json in `folder` names; "" if there is none of ours.
std::string ReportedTool(const fs::path& folder) {
  const Json json =
      Json::parse(ReadSmallFile(folder / kReportFile), nullptr, /*allow_exceptions=*/false);
  const auto tool = json.is_object() ? json.find("tool") : json.end();
  if (tool == json.end() || !tool->is_string()) {
    return "";
  }
  const auto name = tool->get<std::string>();
  return std::find(kStages.begin(), kStages.end(), name) == kStages.end() ? "" : name;
}

// Returns true if a stage has begun in `folder`: it writes its settings twice, in settings.ini and,
// among others and with comments, in config.ini.
bool HasOurSettings(const fs::path& folder) {
  const std::string config = "\n" + ReadSmallFile(folder / kConfigFile);
  if (config.compare(0, 3, "\n# ") != 0) {
    return false;
  }
  std::istringstream settings(ReadSmallFile(folder / kSettingsFile));
  for (std::string line; std::getline(settings, line);) {
    if (config.find("\n" + line + "\n") == std::string::npos &&
        config.find("\n# " + line + "\n") == std::string::npos) {
      return false;
    }
  }
  return true;
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
  std::error_code error;
  if (!fs::is_regular_file(folder / kSettingsFile, error)) {
    return "";
  }
  const std::string tool = ReportedTool(folder);
  return tool.empty() && HasOurSettings(folder) ? "a tool that has not finished" : tool;
}

}  // namespace reel3d
