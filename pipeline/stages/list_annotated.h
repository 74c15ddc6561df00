// The part of list-videos that reads published annotation files, finds the video of each row on
// disk, and makes a manifest. docs/reference/annotation_formats.md is its manual.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/base/option_binder.h"
#include "lib/data/manifest.h"
#include "lib/data/missing_files.h"

namespace reel3d {

// Says what happens to videos that have several labels.
enum class SeveralLabels { kRefuse, kFirst };
inline std::vector<NamedChoice<SeveralLabels>> ChoicesOf(SeveralLabels /*type*/) {
  return {{SeveralLabels::kRefuse, "refuse", ""}, {SeveralLabels::kFirst, "first", ""}};
}

// Says what becomes a row of the manifest, for annotations of segments in long videos.
enum class Untrimmed { kSegments, kWhole };
inline std::vector<NamedChoice<Untrimmed>> ChoicesOf(Untrimmed /*type*/) {
  return {{Untrimmed::kSegments, "segments", "each segment, with its own label"},
          {Untrimmed::kWhole, "whole", "each video once, to score it as a whole"}};
}

struct AnnotationOptions {
  std::vector<std::string> annotations;  // empty: folders are classes
  std::string format;
  int split = 0;
  std::string class_order;
  double annotation_fps = 0;
  SeveralLabels several_labels = SeveralLabels::kRefuse;
  Untrimmed untrimmed = Untrimmed::kSegments;
  bool explain_missing = false;

  bool are_used() const { return !annotations.empty(); }
  void Bind(OptionBinder& binder);
  void Check() const;  // throws a usage error if an option needs --annotations
};

struct AnnotatedReport {
  struct Counts {
    int64_t expected = 0, found = 0;
  };
  std::string format;
  bool is_guess = false;
  std::string class_order;
  std::array<Counts, 3> subsets;            // by Subset
  std::map<std::string, int64_t> rules;     // files by the rule that found them
  std::map<std::string, int64_t> missing;   // rows by the reason
  std::map<std::string, int64_t> left_out;  // rows that the format's rule does not list
  std::map<std::string, int64_t> changed;
  int64_t num_extra = 0;                                   // videos on disk that no row names
  std::vector<std::string> some_extra;                     // the first of them
  std::vector<std::pair<std::string, std::string>> files;  // annotation files and their checksums
  std::vector<std::string> explained;  // a sentence for each of the first missing rows

  nlohmann::ordered_json ToJson() const;
  // Returns what a passport keeps: all but the numbers of rows, which it has for each class.
  nlohmann::ordered_json Facts() const;
  std::string ToText() const;
};

struct AnnotatedVideos {
  Manifest manifest;
  std::vector<std::string> classes;
  std::vector<MissingFile> missing;
  // The table `id label subset` with a row for each label, those of missing files included. Empty
  // if no video has several labels, except with Untrimmed::kWhole.
  std::string labels;
  AnnotatedReport report;
};

// Looks for the files of the rows below `sources`. `folder` is the manifest's folder, absolute and
// without links. Throws an input error if an annotation file is bad, or if no row has a file.
AnnotatedVideos ListAnnotated(const AnnotationOptions& options,
                              const std::vector<std::string>& sources,
                              const std::vector<std::string>& extensions,
                              const std::filesystem::path& folder);

}  // namespace reel3d
