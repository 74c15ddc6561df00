// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/score_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/data/names.h"
#include "lib/shard/data_doubts.h"
#include "pipeline/stages/shard_scorer.h"

namespace reel3d {
namespace {

constexpr const char* kClassesDifference = "classes";

std::vector<std::string> SortedForms(const std::vector<std::string>& classes) {
  std::vector<std::string> forms;
  for (const std::string& name : classes) {
    forms.push_back(ComposedForm(name));
  }
  std::sort(forms.begin(), forms.end());
  return forms;
}

// Returns whether the lists may name the same classes differently. The same names in another order
// cannot.
bool MayBeOtherNames(const std::vector<std::string>& one, const std::vector<std::string>& other) {
  return one.size() == other.size() && SortedForms(one) != SortedForms(other);
}

std::vector<TrainingDifference> CompareClasses(const TrainedNetwork& trained,
                                               const ShardSet& shards,
                                               const AllowedDifferences& allowed) {
  const std::string difference = ClassDifference({"the checkpoint", trained.classes},
                                                 {shards.folder().string(), shards.classes()});
  if (difference.empty()) {
    return {};
  }
  const bool may_be_names = MayBeOtherNames(trained.classes, shards.classes());
  if (!may_be_names || !allowed.Has(kClassesDifference)) {
    throw InputError(fmt::format(
        "{}: they are of different data sets, or pack-shards needs --classes{}", difference,
        may_be_names ? "; if only the names differ, --allow classes takes class by class" : ""));
  }
  const auto [here, there] =
      std::mismatch(shards.classes().begin(), shards.classes().end(), trained.classes.begin());
  return {{kClassesDifference, fmt::format("'{}'", Escaped(*here)),
           fmt::format("'{}'", Escaped(*there))}};
}

// Throws a usage error if there is no height, neither given nor of the training.
PreparationOptions PreparationOf(const PreparationOptions& given, const TrainedNetwork& trained) {
  const PreparationOptions preparation = PreparationFor(given, trained.trained_on);
  if (preparation.height == 0 && preparation.short_side == 0) {
    throw UsageError(
        "--from-videos needs --height, as the network does not say how its training's frames were "
        "prepared: that of prep-videos for the training videos (`height` in their prep.ini), or "
        "other pixels are scored than were learned");
  }
  return preparation;
}

}  // namespace

std::vector<TrainingDifference> CompareWithTraining(const ScoreSource& source,
                                                    const TrainedNetwork& trained,
                                                    const AllowedDifferences& allowed) {
  std::vector<TrainingDifference> others = source.compare_classes(trained, allowed);
  others.insert(others.end(), trained.differences.begin(), trained.differences.end());
  return RequireLikeTraining(source.name, source.frames_for(trained), trained.trained_on,
                             std::move(others), allowed);
}

std::optional<Passport> PassportOfScores(const ScoreSource& source, const TrainedNetwork& trained,
                                         const std::vector<TrainingDifference>& differences) {
  const std::optional<FrameFacts> frames = source.frames_for(trained);
  if (!source.passport && !frames && differences.empty()) {
    return std::nullopt;
  }
  Passport passport = source.passport.value_or(Passport());
  if (frames) {
    SetFrames(*frames, &passport);
  }
  SetDifferences(differences, &passport);
  return passport;
}

ScoreSource OpenShards(const std::string& folder) {
  const auto shards = std::make_shared<const ShardSet>(folder);
  ScoreSource source;
  source.name = folder;
  source.identity = fmt::format("{:08x}", shards->fingerprint());
  source.passport = PassportOrWarning([&] { return ReadShardsPassport(shards->folder()); });
  source.doubts = DataDoubts(*shards);
  source.frames_for = [frames = FrameFactsOf(source.passport)](const TrainedNetwork& /*trained*/) {
    return frames;
  };
  source.compare_classes = [shards](const TrainedNetwork& trained,
                                    const AllowedDifferences& allowed) {
    return CompareClasses(trained, *shards, allowed);
  };
  source.make_scorer = [shards](const ClipScorerOptions& options, const TrainedNetwork& trained,
                                at::Device device) -> std::unique_ptr<ClipScorer> {
    return std::make_unique<ShardScorer>(options, trained, device, shards);
  };
  return source;
}

ScoreSource OpenVideos(const RawScorerOptions& raw, Subset subset) {
  RequireFile(raw.manifest, "the manifest that --from-videos scores");
  RemoveStaleTemporaries(SystemTemporaryFolder());  // of runs that were killed
  ScoreSource source;
  source.name = raw.manifest;
  source.identity = VideosIdentity(raw.manifest, ReadManifest(raw.manifest), subset);
  source.passport = PassportOrWarning([&] { return ReadManifestPassport(raw.manifest); });
  source.frames_for = [given = raw.preparation](const TrainedNetwork& trained) {
    return std::optional(PreparationOf(given, trained).Facts());
  };
  // A label that is no class of the network is an error of its own.
  source.compare_classes = [](const TrainedNetwork& /*trained*/,
                              const AllowedDifferences& /*allowed*/) {
    return std::vector<TrainingDifference>();
  };
  source.make_scorer = [raw](const ClipScorerOptions& options, const TrainedNetwork& trained,
                             at::Device device) -> std::unique_ptr<ClipScorer> {
    RawScorerOptions prepared = raw;
    prepared.preparation = PreparationOf(raw.preparation, trained);
    return std::make_unique<RawScorer>(options, trained, device, prepared);
  };
  return source;
}

}  // namespace reel3d
