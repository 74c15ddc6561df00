// SPDX-License-Identifier: Apache-2.0
#include "lib/base/cgroup.h"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace reel3d {
namespace fs = std::filesystem;
namespace {

constexpr const char* kVersion2 = "";  // version 2 names no controllers

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) {
    parts.push_back(part);
  }
  return parts;
}

// Decodes a path of mountinfo, in which the kernel writes a space as \040.
std::string Unescape(const std::string& text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      plain += static_cast<char>(std::stoi(text.substr(i + 1, 3), nullptr, 8));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

// Returns the group of this process in each hierarchy, by controller.
std::map<std::string, std::string> OwnGroups(const fs::path& root) {
  std::map<std::string, std::string> groups;
  std::ifstream file(root / "proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) {
      continue;
    }
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string group = line.substr(second + 1);
    if (controllers.empty()) {
      groups[kVersion2] = group;
    }
    for (const std::string& controller : Split(controllers, ',')) {
      groups[controller] = group;
    }
  }
  return groups;
}

struct Mount {
  std::string group;  // `folder` shows this group
  fs::path folder;
};

// Reads a line of mountinfo: "36 35 0:31 GROUP FOLDER rw shared:9 - cgroup cgroup rw,cpu,cpuacct".
std::optional<Mount> ParseMount(const std::string& line, const std::string& controller) {
  const size_t dash = line.find(" - ");
  if (dash == std::string::npos) {
    return std::nullopt;
  }
  const std::vector<std::string> place = Split(line.substr(0, dash), ' ');
  const std::vector<std::string> kind = Split(line.substr(dash + 3), ' ');
  if (place.size() < 5 || kind.size() < 3) {
    return std::nullopt;
  }
  const std::vector<std::string> controllers = Split(kind[2], ',');
  const bool is_it = controller == kVersion2
                         ? kind[0] == "cgroup2"
                         : kind[0] == "cgroup" && std::find(controllers.begin(), controllers.end(),
                                                            controller) != controllers.end();
  return is_it ? std::optional<Mount>({Unescape(place[3]), Unescape(place[4])}) : std::nullopt;
}

// Returns the folders of the process's group and of all groups above it that can be seen.
std::vector<fs::path> GroupFolders(const fs::path& root, const std::string& controller) {
  const std::map<std::string, std::string> groups = OwnGroups(root);
  const auto own = groups.find(controller);
  std::vector<fs::path> folders;
  std::ifstream file(root / "proc/self/mountinfo");
  for (std::string line; own != groups.end() && std::getline(file, line);) {
    const std::optional<Mount> mount = ParseMount(line, controller);
    if (!mount) {
      continue;
    }
    fs::path folder = root / mount->folder.relative_path();
    folders.push_back(folder);
    // If a container sees its own group as the root, the path leaves the mount by "..". Then only
    // the mount's folder counts.
    const fs::path below = fs::path(own->second).lexically_relative(mount->group);
    for (const fs::path& name : below) {
      if (name == "..") {
        break;
      }
      folder /= name;
      folders.push_back(folder);
    }
  }
  return folders;
}

// Returns the words of a file, or none if there is no such file.
std::vector<std::string> Words(const fs::path& path) {
  std::ifstream file(path);
  std::vector<std::string> words;
  for (std::string word; file >> word;) {
    words.push_back(word);
  }
  return words;
}

// Returns nothing for "max", -1 and text that is not a number.
std::optional<double> Positive(const std::string& word) {
  double value = 0;
  std::istringstream stream(word);
  return stream >> value && value > 0 ? std::optional<double>(value) : std::nullopt;
}

std::optional<double> Cores(const std::vector<std::string>& quota_and_period) {
  if (quota_and_period.size() != 2) {
    return std::nullopt;
  }
  const std::optional<double> quota = Positive(quota_and_period[0]);
  const std::optional<double> period = Positive(quota_and_period[1]);
  return quota && period ? std::optional<double>(*quota / *period) : std::nullopt;
}

// Returns the inode number of a group's folder. It is the same in every container, under any path.
uint64_t GroupNumber(const fs::path& folder) {
  struct stat status {};
  return stat(folder.c_str(), &status) == 0 ? status.st_ino : 0;
}

void LimitCores(CgroupLimits* limits, const fs::path& folder, const std::vector<std::string>& cpu) {
  const std::optional<double> cores = Cores(cpu);
  if (cores && *cores < limits->cores) {
    limits->cores = *cores;
    limits->cores_group = GroupNumber(folder);
  }
}

void LimitMemory(CgroupLimits* limits, const std::vector<std::string>& memory) {
  const std::optional<double> bytes = memory.size() == 1 ? Positive(memory[0]) : std::nullopt;
  if (bytes && *bytes < static_cast<double>(limits->memory_bytes)) {
    limits->memory_bytes = static_cast<int64_t>(*bytes);
  }
}

}  // namespace

CgroupLimits ReadCgroupLimits(const fs::path& root) {
  CgroupLimits limits;
  for (const fs::path& folder : GroupFolders(root, kVersion2)) {
    LimitCores(&limits, folder, Words(folder / "cpu.max"));
    LimitMemory(&limits, Words(folder / "memory.max"));
  }
  for (const fs::path& folder : GroupFolders(root, "cpu")) {
    std::vector<std::string> cpu = Words(folder / "cpu.cfs_quota_us");
    for (const std::string& period : Words(folder / "cpu.cfs_period_us")) {
      cpu.push_back(period);
    }
    LimitCores(&limits, folder, cpu);
  }
  for (const fs::path& folder : GroupFolders(root, "memory")) {
    LimitMemory(&limits, Words(folder / "memory.limit_in_bytes"));
  }
  return limits;
}

}  // namespace reel3d
