// Finds the file of each annotation row by the rules of those who distribute such data sets: the
// official crawler, CVDF (Common Visual Data Foundation), mmaction2, torchvision and OpenDataLab.
// All files may also lie in one folder: the folders above a file only decide between files of the
// same name. The rules are tried in this order:
//
//   kPath       the path as listed; the same path but for capitals, punctuation of folders or the
//               extension; the end of the path; the file name alone, if no other row matches it
//   kVideo      v_<id>, <id>
//   kClip       replacement/<id>...; <id>_<begin>_<end>, in whole seconds with any number of zeros;
//               v_<id> and <id>, which hold the whole video
//   kNamedPart  the source's name; v_<id> and <id>, which hold the whole video
//
// If several files fit, the file in the folder of the row's class is chosen, then the file in the
// folder of its subset, then the first by name. For kPath there is no choice by name: the file is
// missing. Empty files do not count.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/annotations/annotation_set.h"
#include "lib/data/video_tree.h"

namespace reel3d {

struct FileMatch {
  int64_t file = -1;    // index into VideoTree::videos; -1: missing
  int32_t rule = 0;     // index into FileMatches::rules
  bool is_part = true;  // the file holds only the row's part, so the row's times do not apply
};

struct FileMatches {
  std::vector<FileMatch> matches;  // one for each row
  std::vector<std::string> rules;  // in words: what matched, or why a file is missing
};

FileMatches MatchFiles(const VideoTree& tree, const AnnotationSet& set);

// Returns patterns of the files that MatchFiles() looks for, below the folder of the videos.
std::vector<std::string> TriedPaths(const AnnotationSet& set, const AnnotationRow& row);

// Returns the name of a row's video or clip (kPath: the path). It depends only on the annotation,
// not on the files that exist.
std::string NameOfRow(const AnnotationSet& set, const AnnotationRow& row);

}  // namespace reel3d
