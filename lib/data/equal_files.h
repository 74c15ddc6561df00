// Finds files of equal content among videos, as far as that is cheap, because no copy of a training
// video should be held out under another name. See also lib/shard/equal_frames.h.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "lib/data/manifest.h"
#include "lib/data/video_tree.h"

namespace reel3d {

struct EqualFiles {
  // A validation video, and the first training video of equal content, as indices; rising.
  std::vector<std::pair<size_t, size_t>> pairs;
  int64_t num_unread = 0;  // files of a shared size that were not opened (max_files)
};

// Compares files of the same size if some are in training and some in validation. It compares
// hashes of their last 4 KiB, then, if these agree, of their first and last 64 KiB. Sizes that few
// files share come first, and at most `max_files` files are opened. Empty files, and files that
// cannot be read, equal nothing. `subsets` holds the subset of each video.
EqualFiles FindEqualFiles(const VideoTree& tree, const std::vector<Subset>& subsets,
                          size_t max_files);

}  // namespace reel3d
