// Tells how much of a mapped file a process has in memory.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

namespace reel3d::test {

// Returns the KiB of this process's mappings of `file` that are in memory, or nothing if it maps no
// such file. `field` begins the names of the counts in /proc/self/smaps that are added.
inline std::optional<int64_t> MappedKib(const std::filesystem::path& file,
                                        const std::string& field = "Rss") {
  std::ifstream maps("/proc/self/smaps");
  std::optional<int64_t> kib;
  bool is_ours = false;
  for (std::string line; std::getline(maps, line);) {
    const bool is_count = line.find(':') < line.find(' ');
    if (!is_count) {
      is_ours = line.find(file.string()) != std::string::npos;
      kib = is_ours ? kib.value_or(0) : kib;
    } else if (is_ours && line.rfind(field, 0) == 0) {
      *kib += std::stoll(line.substr(line.find(':') + 1));
    }
  }
  return kib;
}

}  // namespace reel3d::test
