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

constexpr std::array kStages = {"make-demo-videos", "prep-videos",     "pack-shards",   "train-r3d",
                                "score-videos",     "evaluate-scores", "compare-scores"};

// Folders of others may hold files of any size. A report of our own, with a warning for each of
// many videos, may be larger than this; its settings still say whose the folder is.
constexpr uint64_t kMostBytes = 1 << 20;

// Returns the content of a file that a stage may have written, "" if it is none: the settings of a
// stage are small, and opening a pipe would wait for its writer.
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

// Returns the tool that a report names; "" if it names none, is damaged, or deep enough to exhaust
// the stack.
std::string ToolOf(const std::string& report) {
  try {
    const Json json = ParseJsonObject(report, kReportFile);
    const auto tool = json.find("tool");
    return tool != json.end() && tool->is_string() ? tool->get<std::string>() : "";
  } catch (const Error&) {
    return "";
  }
}

// Returns true if a stage has begun in `folder`: it writes its settings twice, in settings.ini and,
// among others and with comments, in config.ini.
bool HasOurSettings(const fs::path& folder) {
  const std::string config = "\n" + ReadSmallFile(folder / kConfigFile);
  if (config.compare(0, 3, "\n# ") != 0) {
    return false;
  }
  std::istringstream settings(ReadSmallFile(folder / kSettingsFile));
  bool has_any = false;
  for (std::string line; std::getline(settings, line);) {
    if (line.compare(0, 2, "# ") == 0) {
      continue;  // states their number
    }
    has_any = true;
    if (config.find("\n" + line + "\n") == std::string::npos &&
        config.find("\n# " + line + "\n") == std::string::npos) {
      return false;
    }
  }
  return has_any;
}

// Hidden files may be another task's, which begins at the same moment.
void RequireNothingElse(const fs::path& folder) {
  const std::string maker = ToolOf(ReadSmallFile(folder / kReportFile));
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.front() == '.' || name == kLockFile || name == kLockHolderFile ||
        name == kSettingsFile) {
      continue;
    }
    if (std::find(kStages.begin(), kStages.end(), maker) != kStages.end()) {
      throw UsageError(fmt::format(
          "{} is missing, though {} wrote the folder's {}: put the file back, or name a new folder",
          (folder / kSettingsFile).string(), maker, kReportFile));
    }
    throw UsageError(
        fmt::format("{} holds files that reel3d did not write, such as {}: name a new "
                    "folder",
                    folder.string(), name));
  }
}

void RequireNoOtherStage(const fs::path& folder, const std::string& tool) {
  // The report is read with all errors, for any tool. A report that cannot be read, or that a later
  // version's stage wrote, is not ours to replace.
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
