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
#include "pipeline/support/training_match.h"

namespace reel3d {

struct ScoreSource {
  std::string name;      // of the folder or the manifest, for messages
  std::string identity;  // of the data, for report.json
  std::optional<Passport> passport;
  std::vector<Doubt> doubts;
  // Returns how the videos are prepared for a network; nothing if that is not known.
  std::function<std::optional<FrameFacts>(const TrainedNetwork& trained)> frames_for;
  // Returns a difference "classes" if the network knows the classes by other names and --allow
  // accepts that; else nothing. Throws an input error if the classes are not those of the network.
  std::function<std::vector<TrainingDifference>(const TrainedNetwork& trained,
                                                const AllowedDifferences& allowed)>
      compare_classes;
  std::function<std::unique_ptr<ClipScorer>(const ClipScorerOptions& options,
                                            const TrainedNetwork& trained, at::Device device)>
      make_scorer;
};

// Returns all in which the videos of `source` differ from the data that the network was trained on.
// Throws an input error about a difference that is neither minor nor allowed.
std::vector<TrainingDifference> CompareWithTraining(const ScoreSource& source,
                                                    const TrainedNetwork& trained,
                                                    const AllowedDifferences& allowed);

// Returns the passport that goes with the scores: that of `source`, with how its frames are
// prepared, and with these differences.
std::optional<Passport> PassportOfScores(const ScoreSource& source, const TrainedNetwork& trained,
                                         const std::vector<TrainingDifference>& differences);

// Throws as ShardSet's constructor does.
ScoreSource OpenShards(const std::string& folder);
// Throws an input error if the manifest cannot be read.
ScoreSource OpenVideos(const RawScorerOptions& options, Subset subset);

}  // namespace reel3d
