// Holds the rows of an annotation, in one form for all formats: a video or a part of a video, its
// labels and its subset. docs/reference/annotation_formats.md describes the formats.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/data/manifest.h"

namespace reel3d {

// Says how a row's file is named on disk (lib/annotations/file_rules.h has the rules of each).
enum class FileNaming {
  kPath,      // the source is a path as the list gives it
  kVideo,     // the source is the id of a whole video, of which the row may be a part
  kClip,      // as kVideo, but the usual file holds only the part: <id>_<begin>_<end>
  kNamedPart  // the source names the part; the video's id is its first 11 characters
};

struct AnnotationRow {
  std::string source;           // path or id, never trimmed: ids begin with - and _
  std::vector<int32_t> labels;  // indices into AnnotationSet::labels; empty: not known
  Subset subset = Subset::kTraining;
  std::optional<double> begin_s, end_s;  // in the video; absent: its begin or end
  int32_t number = 0;                    // from 1 among the rows of its source; 0: the only row
  int32_t file = 0;                      // index into AnnotationSet::files
  int64_t line = 0;                      // from 1; in JSON: the number of the record
};

struct AnnotationSet {
  std::string format;
  FileNaming naming = FileNaming::kPath;
  std::vector<std::string> files;   // as they are named in messages
  std::vector<std::string> labels;  // in the order of their first appearance
  std::vector<AnnotationRow> rows;  // in the order of the files
  // The classes in the order that the set's own list or numbers give; empty where it has neither.
  std::vector<std::string> official_classes;
  std::string official_source;              // "classInd.txt"
  std::map<std::string, int64_t> left_out;  // rows that are not listed, by reason
  std::map<std::string, int64_t> changed;   // rows that are listed with other times, by change

  const std::string& Label(const AnnotationRow& row) const;  // the first label; "" if there is none
  // "train.csv:12", or "train.json: record 12".
  std::string PlaceOf(const AnnotationRow& row) const;
};

}  // namespace reel3d
