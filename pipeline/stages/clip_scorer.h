// Computes the logits of every clip of a subset's videos, one score file's worth of them at a time.
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

// A part in work: its future content, and the clips to compute for it.
struct ScorePart {
  Scores scores;
  std::vector<ClipRequest> requests;  // in the order of scores.clips
  std::vector<FailedItem> failed;     // videos
};

// Chooses the clips and how they are loaded. The fields are options of score-videos.
struct ClipScorerOptions {
  Subset subset = Subset::kValidation;
  WindowStride window_stride;
  int windows = 0;   // at most so many, spread evenly over each video; 0: window_stride
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
  // `shards` live as long as the scorer. Throws an input error where the subset holds no
  // videos, a usage error where the parts would be too many or the crops are refused.
  ClipScorer(const ClipScorerOptions& options, const ShardSet& shards,
             const TrainedNetwork& trained, at::Device device);

  int NumParts() const;
  // Returns the part with its clips, none of which is scored yet. The caller fills in `settings`.
  ScorePart PlanPart(int number) const;
  // Adds the logits. A video with a clip that cannot be loaded gets no clips, and is in `failed`.
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
