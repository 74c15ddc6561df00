// Finds videos in folder trees, where the folders directly in a source are classes, and names them.
// Opens none of them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace reel3d {

struct FoundVideo {
  std::filesystem::path path;   // absolute
  std::filesystem::path below;  // below its source
  std::string label;            // the first folder of `below`; empty where there is none
};

struct VideoTree {
  std::vector<FoundVideo> videos;          // by source as given, then bytewise by name
  std::map<std::string, int64_t> ignored;  // other files, by extension
};

// Takes files with the extensions of ordinary videos, and `more_extensions`, in any case. Hidden
// files and folders are passed over, links followed. Throws an input error where a source is no
// folder or has no videos, or a name cannot stand in a manifest.
VideoTree FindVideos(const std::vector<std::string>& sources,
                     const std::vector<std::string>& more_extensions);

// A unique id for each video: its file name without the extension. Where videos share one, those
// get the folders below the source before it ("wave1-daria"), where that is not enough also the
// extension, and at last a number. Characters other than letters, digits and . _ - become _.
std::vector<std::string> MakeIds(const std::vector<FoundVideo>& videos);

}  // namespace reel3d
