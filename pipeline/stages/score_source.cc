// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/score_source.h"

#include <fmt/format.h>

#include <filesystem>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/shard/data_doubts.h"
#include "pipeline/stages/shard_scorer.h"

namespace reel3d {
namespace {

void RequireSameClasses(const TrainedNetwork& trained, const ShardSet& shards) {
  const std::string difference = ClassDifference({"the checkpoint", trained.classes},
                                                 {shards.folder().string(), shards.classes()});
  if (!difference.empty()) {
    throw InputError(fmt::format(
        "{}: they are of different data sets, or pack-shards needs --classes", difference));
  }
}

}  // namespace

ScoreSource OpenShards(const std::string& folder) {
  const auto shards = std::make_shared<const ShardSet>(folder);
  ScoreSource source;
  source.identity = fmt::format("{:08x}", shards->fingerprint());
  source.passport = PassportOrWarning([&] { return ReadShardsPassport(shards->folder()); });
  source.doubts = DataDoubts(*shards);
  source.make_scorer = [shards](const ClipScorerOptions& options, const TrainedNetwork& trained,
                                at::Device device) -> std::unique_ptr<ClipScorer> {
    RequireSameClasses(trained, *shards);
    return std::make_unique<ShardScorer>(options, trained, device, shards);
  };
  return source;
}

ScoreSource OpenVideos(const RawScorerOptions& raw, Subset subset) {
  RequireFile(raw.manifest, "the manifest that --from-videos scores");
  RemoveStaleTemporaries(SystemTemporaryFolder());  // of runs that were killed
  ScoreSource source;
  source.identity = VideosIdentity(raw.manifest, ReadManifest(raw.manifest), subset);
  source.passport = PassportOrWarning([&] { return ReadManifestPassport(raw.manifest); });
  source.make_scorer = [raw](const ClipScorerOptions& options, const TrainedNetwork& trained,
                             at::Device device) -> std::unique_ptr<ClipScorer> {
    return std::make_unique<RawScorer>(options, trained, device, raw);
  };
  return source;
}

}  // namespace reel3d
