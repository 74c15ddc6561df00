// How a user names weights: FILE, or FILE:ENTRY for one network of a file that holds several.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace reel3d {

struct WeightsName {
  std::filesystem::path file;
  std::string entry;  // an entry of a checkpoint, a prefix of names, or both joined by a dot
};

// Whatever exists by the whole name is that file or folder.
WeightsName SplitWeightsName(const std::filesystem::path& name);

}  // namespace reel3d
