// The stage behind list-videos: reads folder trees, and writes VIDEOS.tsv and classes.txt beside
// it.
//
// Each folder directly in a source is a class. Videos directly in a source have no label, and are
// in the subset `testing`. lib/data/video_tree.h finds videos; lib/data/video_ids.h makes their
// ids. Doubts about them are logged (pipeline/stages/list_doubts.h) and end nothing.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/base/option_binder.h"
#include "lib/data/other_files.h"
#include "lib/data/split.h"
#include "lib/data/video_tree.h"

namespace reel3d {

struct ListVideosOptions {
  std::vector<std::string> sources;
  std::string manifest;
  std::vector<std::string> extensions;  // beyond those of ordinary videos
  SplitOptions split;
  bool overwrite = false;

  void Bind(OptionBinder& binder);
  void Check() const { split.Check(); }
};

struct ListVideosReport {
  struct Counts {
    int64_t training = 0, validation = 0, testing = 0;
  };
  int64_t num_videos = 0;
  int64_t num_groups = 0;
  std::string manifest;
  bool unchanged = false;                               // the same manifest stood there
  std::vector<std::pair<std::string, Counts>> classes;  // in order; last: "", the unlabelled
  ExtensionCounts ignored;                              // other files
  std::vector<VideoTree::BadName> bad_names;            // in the object only where there are some

  nlohmann::ordered_json ToJson() const;
  std::string ToText() const;  // a table; one line if unchanged
};

// Throws an input error if a source is no folder or has no videos, its own path cannot be written
// to the manifest, or the split fails. Throws a usage error if another manifest exists and
// `overwrite` is off. Writes classes.txt first, so that an existing manifest has its classes.
ListVideosReport RunListVideos(const ListVideosOptions& options);

}  // namespace reel3d
