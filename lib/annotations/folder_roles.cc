// SPDX-License-Identifier: Apache-2.0
#include "lib/annotations/folder_roles.h"

#include "lib/annotations/annotation_files.h"
#include "lib/annotations/label_forms.h"
#include "lib/data/names.h"

namespace reel3d {
namespace {

// Returns the subset that a folder's name means, such as "train", "videos_val" or "rawframes_test".
std::optional<Subset> SubsetOfFolder(std::string_view name) {
  return SubsetCalled(name.substr(name.rfind('_') + 1));
}

}  // namespace

FolderRoles::FolderRoles(const std::vector<std::string>& labels) {
  for (size_t i = 0; i < labels.size(); ++i) {
    label_of_form_.emplace(NormalForm(labels[i]), static_cast<int32_t>(i));
  }
}

const FolderRole& FolderRoles::Of(std::string_view path) {
  const size_t slash = path.rfind('/');
  const std::string folder(slash == std::string_view::npos ? "" : path.substr(0, slash));
  const auto known = role_of_folder_.find(folder);
  return known != role_of_folder_.end()
             ? known->second
             : role_of_folder_.emplace(folder, Find(folder)).first->second;
}

FolderRole FolderRoles::Find(std::string_view folder) const {
  FolderRole role;
  for (size_t begin = 0; begin < folder.size();) {
    const size_t end = std::min(folder.find('/', begin), folder.size());
    const std::string_view name = folder.substr(begin, end - begin);
    const auto label = label_of_form_.find(NormalForm(ComposedForm(name)));
    if (label != label_of_form_.end()) {
      role.label = label->second;
    } else if (const std::optional<Subset> subset = SubsetOfFolder(name); subset) {
      role.subset = subset;
    }
    role.is_replacement = role.is_replacement || name.substr(0, 11) == "replacement";
    begin = end + 1;
  }
  return role;
}

}  // namespace reel3d
