// Opens the videos that score-videos scores: shards, or the files of a manifest.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/data/doubt.h"
#include "lib/data/passport.h"
#include "pipeline/stages/clip_scorer.h"
#include "pipeline/stages/raw_scorer.h"

namespace reel3d {

struct ScoreSource {
  std::string identity;  // of the data, for report.json
  std::optional<Passport> passport;
  std::vector<Doubt> doubts;
  // Throws an input error if the classes are not those of the network.
  std::function<std::unique_ptr<ClipScorer>(const ClipScorerOptions& options,
                                            const TrainedNetwork& trained, at::Device device)>
      make_scorer;
};

// Throws as ShardSet's constructor does.
ScoreSource OpenShards(const std::string& folder);
// Throws an input error if the manifest cannot be read.
ScoreSource OpenVideos(const RawScorerOptions& options, Subset subset);

}  // namespace reel3d
