// Finds the files of a scanned folder tree by their names, without looking at the disk again.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/data/video_tree.h"

namespace reel3d {

// Return the file name of a path, with and without its last extension.
std::string_view FileName(std::string_view path);
std::string_view Stem(std::string_view path);

class FileIndex {
 public:
  // Indices into tree.videos, rising by name.
  using Files = std::pair<const uint32_t*, const uint32_t*>;

  // `tree` must outlive the index, and its videos may not change.
  explicit FileIndex(const VideoTree& tree);

  // Return the files whose names without extension are `stem`, or begin with `prefix`.
  Files WithStem(std::string_view stem) const;
  Files WithPrefix(std::string_view prefix) const;
  // Does the same as WithStem(), but small and capital letters are equal. The first call takes
  // longer. Not for several threads.
  Files WithAnyCase(std::string_view stem);

 private:
  void MakeAnyCase();

  const VideoTree& tree_;
  std::vector<std::string_view> stems_;  // of each video
  std::vector<uint32_t> by_stem_;
  std::vector<std::string> small_stems_;  // of each video, after the first WithAnyCase()
  std::vector<uint32_t> by_small_stem_;
};

}  // namespace reel3d
