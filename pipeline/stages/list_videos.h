// The stage behind list-videos: folder trees in, VIDEOS.tsv and classes.txt beside it out.
//
// With annotation files (pipeline/stages/list_annotated.h) these say labels and subsets, and
// VIDEOS.missing.tsv and VIDEOS.report.json stand beside the manifest too. Without them each folder
// directly in a source is a class. Videos directly in a source have no label, and stand in the
// subset `testing`. How they are found: lib/data/video_tree.h; how they get their ids:
// lib/data/video_ids.h. What is doubtful about them is logged (pipeline/stages/list_doubts.h) and
// ends nothing.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/option_binder.h"
#include "lib/data/other_files.h"
#include "lib/data/split.h"
#include "lib/data/video_tree.h"
#include "pipeline/stages/list_annotated.h"

namespace reel3d {

struct ListVideosOptions {
  std::vector<std::string> sources;
  std::string manifest;
  std::vector<std::string> extensions;  // beyond those of ordinary videos
  AnnotationOptions annotated;
  SplitOptions split;  // of class folders
  bool overwrite = false;

  void Bind(OptionBinder& binder);
  void Check() const {
    annotated.Check();
    split.Check();
  }
};

struct ListVideosReport {
  struct Counts {
    int64_t training = 0, validation = 0, testing = 0;
  };
  int64_t num_videos = 0;
  int64_t num_groups = 0;
  std::string manifest;
  bool unchanged = false;                               // the same manifest stood there
  std::vector<std::pair<std::string, Counts>> classes;  // in order; "" last: unlabelled
  ExtensionCounts ignored;                              // other files
  std::vector<VideoTree::BadName> bad_names;            // in the object only where there are some

  std::optional<AnnotatedReport> annotated;
  bool explain_missing = false;

  nlohmann::ordered_json ToJson() const;
  std::string ToText() const;  // a table; one line if unchanged

 private:
  std::string AnnotatedText() const;
};

// Throws an input error where a source is no folder or has no videos, its own path cannot stand in
// the manifest, or the split fails; a usage error where another manifest stands there and
// `overwrite` is off. Writes classes.txt first, so that a manifest that is there has its classes.
ListVideosReport RunListVideos(const ListVideosOptions& options);

}  // namespace reel3d
