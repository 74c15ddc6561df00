// Makes the paths under which a manifest lists videos: relative to the manifest's folder.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lib/data/video_tree.h"

namespace reel3d {

class SourcePaths {
 public:
  // `folder` is the manifest's folder, absolute and without links. Throws an input error if the
  // path of a source cannot be written to a table.
  SourcePaths(const VideoTree& tree, std::filesystem::path folder);

  // Returns the path of a video of the tree, as the manifest has it.
  std::string Of(const FoundVideo& video) const;

 private:
  const std::filesystem::path folder_;
  std::vector<std::filesystem::path> sources_;
  std::vector<std::string> prefixes_;  // of each source; "" where it depends on the video
};

}  // namespace reel3d
