// SPDX-License-Identifier: Apache-2.0
#include "lib/data/prepared_folder.h"

#include <fmt/format.h>

#include <system_error>
#include <utility>

#include "lib/base/file.h"
#include "lib/base/rng.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

constexpr int kNumSubfolders = 256;

std::string Subfolder(uint64_t number) { return fmt::format("{:02x}", number % kNumSubfolders); }

fs::path InSubfolder(const fs::path& folder, const std::string& id) {
  return folder / Subfolder(StableHash(id)) / (id + ".mkv");
}

}  // namespace

fs::path PreparedFile(const fs::path& folder, const std::string& id) {
  fs::path file = folder / (id + ".mkv");
  std::error_code error;
  if (!fs::exists(file, error)) {
    fs::path below = InSubfolder(folder, id);
    if (fs::exists(below, error)) {
      return below;
    }
  }
  return file;
}

PreparedFolder::PreparedFolder(fs::path folder, size_t num_videos)
    : folder_(std::move(folder)), has_subfolders_(num_videos > kMostWithoutSubfolders) {
  for (uint64_t number = 0; has_subfolders_ && number < kNumSubfolders; ++number) {
    MakeFolders(folder_ / Subfolder(number));
    RemoveStaleTemporaries(folder_ / Subfolder(number));
  }
}

fs::path PreparedFolder::Target(const std::string& id) const {
  fs::path file = PreparedFile(folder_, id);
  std::error_code error;
  return has_subfolders_ && !fs::exists(file, error) ? InSubfolder(folder_, id) : file;
}

}  // namespace reel3d
