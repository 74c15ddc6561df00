// Computes the logits of all clips of a subset's videos. A part is the content of one score file.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "lib/data/clip_sampler.h"
#include "lib/data/crop_plan.h"
#include "lib/data/manifest.h"
#include "lib/eval/score_file.h"
#include "lib/frames/frame_decoder.h"
#include "lib/infer/clip_runner.h"
#include "lib/infer/trained_network.h"
#include "lib/loader/batch_loader.h"
#include "lib/loader/sampler.h"
#include "lib/shard/shard_set.h"
#include "pipeline/support/item_loop.h"
#include "pipeline/support/window_stride.h"

namespace reel3d {

// A part under construction, and the clips that are still to be computed for the part.
struct ScorePart {
  Scores scores;
  std::vector<ClipRequest> requests;  // in the order of scores.clips
  std::vector<FailedItem> failed;     // videos with a clip that cannot be loaded
};

// Chooses the clips and how they are loaded. The fields are options of score-videos.
struct ClipScorerOptions {
  Subset subset = Subset::kValidation;
  WindowStride window_stride;
  int windows = 0;   // at most this many, spread evenly over each video; 0: use window_stride
  CropChoice crops;  // of each window
  TailRule tail = TailRule::kLoop;
  bool shuffle_frames = false;
  int64_t seed = 1;
  int videos_per_part = 256;
  Decoding decoding = Decoding::kFast;
  int batch = 32;
  int loader_threads = 1;
};

class ClipScorer {
 public:
  // `shards` must outlive the scorer. Throws an input error if the subset holds no videos, and a
  // usage error if there would be too many parts or CropChoice::Check() throws.
  ClipScorer(const ClipScorerOptions& options, const ShardSet& shards,
             const TrainedNetwork& trained, at::Device device);

  int NumParts() const;
  // Returns the clips of part `number`, without logits. The caller fills in `scores.settings`.
  ScorePart PlanPart(int number) const;
  // Computes the logits of the part. If a clip of a video cannot be loaded, all clips of this video
  // are removed and the video is added to `failed`.
  void Score(ScorePart* part);

 private:
  size_t PartSize() const { return static_cast<size_t>(options_.videos_per_part); }
  std::vector<Clip> WindowsOf(const IndexedVideo& video) const;
  void AddClips(size_t member, uint32_t row, ScorePart* part) const;
  const ClipScorerOptions options_;
  const ShardSet& shards_;
  const std::string identity_;
  const std::vector<std::string> classes_;
  ClipRunner runner_;
  std::vector<size_t> members_;  // videos of the subset, in index order
};

}  // namespace reel3d
