// Finds the file of each annotation row by the rules of those who make such data sets: the official
// crawler, CVDF, mmaction2, torchvision, OpenDataLab, or all files in one folder. Which folders lie
// above a file decides only between files of the same name. The rules, in this order:
//
//   kPath       the path as listed; the same but for capitals, punctuation of folders or the
//               extension; its end; the file name alone, where one file has it and no other row
//   kVideo      v_<id>, <id>
//   kClip       replacement/<id>...; <id>_<begin>_<end>, in whole seconds with any number of zeros;
//               v_<id> and <id>, which hold the whole video
//   kNamedPart  the source's name; v_<id> and <id>, which hold the whole video
//
// Of several files the one in the folder of the row's class is taken, then the one in the folder of
// its subset, then the first by name. Empty files are no videos.
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
  bool is_part = true;  // the file holds the row's part alone, so that its times do not count
};

struct FileMatches {
  std::vector<FileMatch> matches;  // one of each row
  std::vector<std::string> rules;  // in words: what matched, or why a file is missing
};

FileMatches MatchFiles(const VideoTree& tree, const AnnotationSet& set);

// Returns what MatchFiles() looks for, as patterns below the folder of the videos.
std::vector<std::string> TriedPaths(const AnnotationSet& set, const AnnotationRow& row);

// Returns the name of a row's video or clip, from the annotation alone: the same whether or not its
// file is there. For kPath the path.
std::string NameOfRow(const AnnotationSet& set, const AnnotationRow& row);

}  // namespace reel3d
