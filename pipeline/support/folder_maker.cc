// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/folder_maker.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <sstream>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/work_lock.h"
#include "pipeline/support/stage_files.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array kStages = {"make-demo-videos", "prep-videos",   "pack-shards",
                                "pack-videos",      "train-r3d",     "score-videos",
                                "evaluate-scores",  "compare-scores"};

// Largest file that is read only to recognise a folder: files of other programs may have any size.
// A report of reel3d with many warnings may be larger. Then the settings identify the folder.
constexpr uint64_t kMostBytes = 1 << 20;

// Returns the content of a file that a stage may have written; "" if the file is too large, is not
// a regular file, or cannot be read. Opening a pipe would wait for its writer.
std::string ReadSmallFile(const fs::path& file) {
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

// Returns the tool that a report names; "" if the report names none, is damaged, or is nested so
// deeply that parsing would exhaust the stack.
std::string ToolOf(const std::string& report) {
  try {
    const Json json = ParseJsonObject(report, kReportFile);
    const auto tool = json.find("tool");
    return tool != json.end() && tool->is_string() ? tool->get<std::string>() : "";
  } catch (const Error&) {
    return "";
  }
}

// Returns true if a stage has started in `folder`. A stage writes its settings to settings.ini, and
// again to config.ini, where other options and comments stand between them.
bool HasOurSettings(const fs::path& folder) {
  const std::string config = "\n" + ReadSmallFile(folder / kConfigFile);
  if (config.compare(0, 3, "\n# ") != 0) {
    return false;
  }
  std::istringstream settings(ReadSmallFile(folder / kSettingsFile));
  bool has_any = false;
  for (std::string line; std::getline(settings, line);) {
    if (line.compare(0, 2, "# ") == 0) {
      continue;  // states the number of settings
    }
    has_any = true;
    if (config.find("\n" + line + "\n") == std::string::npos &&
        config.find("\n# " + line + "\n") == std::string::npos) {
      return false;
    }
  }
  return has_any;
}

// Returns the name of a file that no starting task writes before its settings; "" if there is none.
// Hidden files are allowed: another task that starts at the same moment may have made them.
std::string OtherFile(const fs::path& folder) {
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.front() != '.' && name != kLockFile && name != kLockHolderFile &&
        name != kSettingsFile) {
      return name;
    }
  }
  return "";
}

// Throws a usage error if a folder without settings holds files.
void RequireNothingElse(const fs::path& folder) {
  const std::string other = OtherFile(folder);
  if (other.empty() || fs::exists(folder / kSettingsFile)) {
    return;  // in the second case another task has started since the folder had no settings
  }
  const std::string maker = ToolOf(ReadSmallFile(folder / kReportFile));
  if (std::find(kStages.begin(), kStages.end(), maker) != kStages.end()) {
    throw UsageError(fmt::format(
        "{} is missing, though {} wrote the folder's {}: put the file back, or name a new folder",
        (folder / kSettingsFile).string(), maker, kReportFile));
  }
  throw UsageError(
      fmt::format("{} holds files that reel3d did not write, such as {}: name a new folder",
                  folder.string(), other));
}

void RequireNoOtherStage(const fs::path& folder, const std::string& tool) {
  // Here a report that cannot be read is an error, and the name of any tool counts, even one that
  // only a later version has: such a report must not be replaced.
  const fs::path report = folder / kReportFile;
  const std::string other = fs::exists(report) ? ToolOf(ReadFile(report)) : "";
  if (!other.empty() && other != tool) {
    throw UsageError(
        fmt::format("{} holds what \"{}\" made: name another folder", folder.string(), other));
  }
}

}  // namespace

void RequireNoFolders(const fs::path& folder, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const fs::path file = folder / name;
    std::error_code error;
    if (fs::exists(file, error) && !fs::is_regular_file(file, error)) {
      throw InputError(
          fmt::format("{} is {}, and the file of this name is written there: move it away, and run "
                      "the same command again",
                      file.string(), fs::is_directory(file, error) ? "a folder" : "no file"));
    }
  }
}

void RequireOwnFolder(const fs::path& folder, const std::string& tool) {
  if (!fs::is_directory(folder)) {
    return;
  }
  RequireNoFolders(folder, {kSettingsFile, kConfigFile, kFailedFile, kReportFile, kDoneFile});
  RequireNoOtherStage(folder, tool);
  if (!fs::exists(folder / kSettingsFile)) {
    RequireNothingElse(folder);
  }
}

std::string MakerOfFolder(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_regular_file(folder / kSettingsFile, error)) {
    return "";
  }
  std::string tool = ToolOf(ReadSmallFile(folder / kReportFile));
  if (std::find(kStages.begin(), kStages.end(), tool) != kStages.end()) {
    return tool;
  }
  return HasOurSettings(folder) ? "a tool that has not finished" : "";
}

}  // namespace reel3d
