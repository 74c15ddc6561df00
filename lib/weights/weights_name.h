// Splits the name that a user gives to weights: FILE, or FILE:ENTRY for one network of a file that
// holds several.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace reel3d {

struct WeightsName {
  std::filesystem::path file;
  std::string entry;  // an entry of a checkpoint, a prefix of names, or both joined by a dot
};

// Splits FILE:ENTRY at the last colon if FILE is a file. A name is not split if a file or folder
// has this complete name.
WeightsName SplitWeightsName(const std::filesystem::path& name);

}  // namespace reel3d
