// Turns a folder of score files into one list of videos with one score per class. It checks that
// the parts belong together, averages each video's clips, and frees the logits part by part.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "lib/eval/averaging.h"
#include "lib/eval/score_file.h"
#include "lib/eval/windows.h"

namespace reel3d {

// A way to read a run: which windows of a video count, and by which rule they become one score per
// class.
struct Reading {
  Averaging averaging = Averaging::kSoftmax;
  WindowChoice windows;
  bool one_crop = false;  // only the first crop of each window, the centre
};

// The answer for a video under a reading.
struct Answer {
  int predicted = 0;    // the class with the highest score
  int rank = -1;        // RankOfClass of the label; -1 without a label
  int num_windows = 0;  // windows that were combined
};

// The clip of a video that is surest of the video's answer: among the clips that were averaged, the
// first one with the highest probability (softmax of its logits) of the predicted class.
struct SurestClip {
  ScoredClip clip;         // `video` has no meaning
  double probability = 0;  // of the predicted class
};

struct VideoScores {
  std::string id;
  int label = -1;              // -1: unknown
  std::vector<double> scores;  // by class, under `averaging` and `min_distinct` of the request
  int num_clips = 0;           // number of clips that were averaged, each crop counted
  std::vector<Answer> answers = {};  // one for each of ScoresRequest::readings
  int num_windows = 0;               // all windows of the video
  int most_distinct = 0;             // largest number of different frames in a window
  SurestClip surest = {};
};

struct ScoresRequest {
  Averaging averaging = Averaging::kSoftmax;
  int min_distinct = 1;        // clips with fewer different frames are left out: see Windows::kKept
  bool allow_missing = false;  // parts may be missing
  std::vector<Reading> readings = {};  // further readings; only their answers are kept
  int threads = 0;  // 0: one per available core; the result does not depend on it
};

struct SubsetScores {
  std::string checkpoint, data, settings, subset;  // as in Scores
  std::vector<std::string> classes;
  std::vector<VideoScores> videos;         // sorted by id; without the videos that have no clip
  int64_t num_expected = 0;                // videos of the subset
  int64_t num_clips = 0;                   // of all videos, including clips that were not averaged
  int64_t num_labelled_clips = 0;          // clips whose video has a label
  int64_t num_clips_right = 0;             // labelled clips whose top class is the label
  bool has_crops = false;                  // some window has several crops
  std::vector<std::string> missing_parts;  // file names
};

// Reads every scores-NNNNN.h5 in `folder`, several at a time (PartsAtOnce() of part_scores.h).
// Throws an input error if there is no score file, a part is missing (unless allowed), or parts
// have different checkpoints, data, settings, subsets or classes. It also throws if a part or video
// occurs twice, no video has a clip, or a logit is not finite (the error names the clip).
SubsetScores ReadSubsetScores(const std::filesystem::path& folder, const ScoresRequest& request);

}  // namespace reel3d
