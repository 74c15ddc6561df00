// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/source_paths.h"

#include <fmt/format.h>

#include "lib/base/error.h"
#include "lib/data/names.h"
#include "lib/data/tsv.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

// Returns the path of `source` relative to `folder`, to which a video's path below the source is
// added. Returns "" if `folder` lies in `source`, because no common prefix fits all videos then.
std::string PrefixOfSource(const fs::path& source, const fs::path& folder) {
  const fs::path from_source = folder.lexically_relative(source);
  if (!from_source.empty() && *from_source.begin() != "..") {
    return "";
  }
  const std::string prefix = source.lexically_relative(folder).string() + "/";
  if (const std::string fault = NewFieldFault(prefix); !fault.empty()) {
    throw InputError(fmt::format("the path of SOURCE from VIDEOS.tsv, '{}', {}: rename the folder",
                                 Escaped(prefix), fault));
  }
  return prefix;
}

}  // namespace

SourcePaths::SourcePaths(const VideoTree& tree, fs::path folder)
    : folder_(std::move(folder)), sources_(tree.sources) {
  for (const fs::path& source : sources_) {
    prefixes_.push_back(PrefixOfSource(source, folder_));
  }
}

std::string SourcePaths::Of(const FoundVideo& video) const {
  const std::string& prefix = prefixes_[video.source];
  return prefix.empty()
             ? (sources_[video.source] / video.below).lexically_relative(folder_).string()
             : prefix + video.below;
}

}  // namespace reel3d
