// A folder of score files as one list of videos with one score a class: checks that the parts
// belong together, averages each video's clips, and lets the logits go again part by part.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "lib/eval/averaging.h"

namespace reel3d {

struct VideoScores {
  std::string id;
  int label = -1;              // -1 unknown
  std::vector<double> scores;  // by class, see AverageClips
  int num_clips = 0;           // that were averaged
};

struct SubsetScores {
  std::string checkpoint, data, settings, subset;  // as in Scores
  std::vector<std::string> classes;
  std::vector<VideoScores> videos;  // sorted by id; a video without any clip is not among them
  int64_t num_expected = 0;         // videos of the subset
  int64_t num_clips = 0;            // of all videos, also those that were not averaged
  int64_t num_labelled_clips = 0;   // of which of videos with a label
  int64_t num_clips_right = 0;      // of which with the label on top
  std::vector<std::string> missing_parts;  // file names
};

// Reads every scores-NNNNN.h5 in `folder`, one at a time. Throws an input error: no score file, a
// part missing (unless `allow_missing`), parts of different checkpoints, data, settings,
// subsets or classes,
// a part or video that is there twice, a logit that is not finite (naming the clip).
SubsetScores ReadSubsetScores(const std::filesystem::path& folder, Averaging averaging,
                              int min_distinct, bool allow_missing);

}  // namespace reel3d
