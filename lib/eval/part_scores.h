// Reads one score file and combines the clips of each of its videos. It holds the logits of one
// video a thread, so many parts can be kept in memory.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "lib/eval/score_file.h"
#include "lib/eval/video_scores.h"

namespace reel3d {

struct PartScores {
  Scores header;                    // of the file, with its videos, but without clips and logits
  std::vector<VideoScores> videos;  // those that have clips, in the file's order
  int64_t num_clips = 0;
  int64_t num_labelled_clips = 0, num_clips_right = 0;  // as in SubsetScores
  bool has_crops = false;                               // some clip has a crop other than the first
};

// Returns how many of `num_files` score files `threads` threads read at once, at least 1. A small
// file keeps few threads busy, so several are read at once as long as they have at most 64 MiB
// together. Larger files are read one after the other, each by all threads. `largest_size` is the
// size of the largest file in bytes.
int PartsAtOnce(uintmax_t largest_size, size_t num_files, int threads);

// Uses up to `threads` threads. Throws what ReadScores() throws, and an input error that names the
// clip if a logit is not finite. May be called from several threads at once.
PartScores ReadPartScores(const std::filesystem::path& file, const ScoresRequest& request,
                          int threads);

}  // namespace reel3d
