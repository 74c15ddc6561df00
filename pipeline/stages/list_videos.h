// The stage behind list-videos: reads folder trees, and writes VIDEOS.tsv, with classes.txt and
// VIDEOS.passport.json beside it.
//
// Annotation files (pipeline/stages/list_annotated.h) give labels and subsets, and with them the
// stage writes VIDEOS.missing.tsv too, and VIDEOS.labels.tsv if videos have several labels. Without
// them each folder directly in a source is a class. Videos directly in a source have no label, and
// are in the subset `testing`. lib/data/video_tree.h finds videos; lib/data/video_ids.h makes their
// ids. Doubts about the videos are only logged (pipeline/stages/list_doubts.h).
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
  bool unchanged = false;                               // an equal manifest existed before
  std::vector<std::pair<std::string, Counts>> classes;  // in order; last: "", the unlabelled
  ExtensionCounts ignored;                              // other files
  std::vector<VideoTree::BadName> bad_names;            // in the JSON object only if there are any

  std::optional<AnnotatedReport> annotated;
  bool explain_missing = false;

  nlohmann::ordered_json ToJson() const;
  std::string ToText() const;  // a table; one line if unchanged

 private:
  std::string AnnotatedText() const;
};

// Throws an input error if a source is no folder or has no videos, the source's path cannot be
// written to the manifest, or the split fails. Throws a usage error if another manifest exists and
// `overwrite` is off. Writes classes.txt first, so that a manifest never exists without its
// classes.
ListVideosReport RunListVideos(const ListVideosOptions& options);

}  // namespace reel3d
