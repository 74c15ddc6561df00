// Says where the prepared videos of a manifest lie: as <id>.mkv in one folder or, if the manifest
// has many, in 256 sub-folders, such as 3f/<id>.mkv. Shared file systems are slow with hundreds of
// thousands of files in one folder.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace reel3d {

// Returns the file of a prepared video, in `folder` itself or in its sub-folder. If there is
// neither, returns the path in `folder` itself.
std::filesystem::path PreparedFile(const std::filesystem::path& folder, const std::string& id);

// The folder as prep-videos writes it. All processes that write the videos of one manifest choose
// the same places.
class PreparedFolder {
 public:
  static constexpr size_t kMostWithoutSubfolders = 10'000;

  // Makes the sub-folders if `num_videos`, the number of the manifest's videos, is above the limit,
  // and removes from them what killed processes left.
  PreparedFolder(std::filesystem::path folder, size_t num_videos);

  // Returns where to write a video: a video that is there already stays in its place.
  std::filesystem::path Target(const std::string& id) const;

 private:
  const std::filesystem::path folder_;
  const bool has_subfolders_;
};

}  // namespace reel3d
