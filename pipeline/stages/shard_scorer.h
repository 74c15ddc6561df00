// Scores videos that are packed into shards.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "lib/shard/shard_set.h"
#include "pipeline/stages/clip_scorer.h"

namespace reel3d {

class ShardScorer : public ClipScorer {
 public:
  // Throws as ClipScorer's constructor does.
  ShardScorer(const ClipScorerOptions& options, const TrainedNetwork& trained, at::Device device,
              std::shared_ptr<const ShardSet> shards);

  ScorePart PlanPart(int number) const override;
  void Score(ScorePart* part) override;

 private:
  FrameSize FrameSizeOf(size_t video, uint32_t row, ScorePart* part, FailedRows* failed) const;

  const std::shared_ptr<const ShardSet> shards_;
  const std::vector<size_t> members_;  // videos of the subset, in index order
};

}  // namespace reel3d
