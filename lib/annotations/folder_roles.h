// Finds the roles of the folders above a file: the folder of a class, of a subset, or of
// replacements for corrupt files.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/data/manifest.h"

namespace reel3d {

struct FolderRole {
  int32_t label = -1;  // index of the class whose folder holds the file; -1: none
  std::optional<Subset> subset;
  bool is_replacement = false;
};

class FolderRoles {
 public:
  explicit FolderRoles(const std::vector<std::string>& labels);
  // Returns the roles of the folders above a file. The reference stays valid.
  const FolderRole& Of(std::string_view path);

 private:
  FolderRole Find(std::string_view folder) const;

  std::unordered_map<std::string, int32_t> label_of_form_;
  std::unordered_map<std::string, FolderRole> role_of_folder_;
};

}  // namespace reel3d
