// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/shard_scorer.h"

#include <fmt/format.h>

#include <utility>

#include "lib/base/error.h"
#include "lib/loader/sampler.h"

namespace reel3d {
namespace {

VideosToScore VideosOf(const ShardSet& shards, Subset subset) {
  VideosToScore all;
  for (const size_t member : VideosOfSubset(shards.videos(), subset)) {
    const IndexedVideo video = shards.videos()[member];
    all.videos.push_back({video.id, video.label});
  }
  all.data = fmt::format("{:08x}", shards.fingerprint());
  all.num_missing = shards.NumMissing(subset);
  all.source = shards.folder().string();
  return all;
}

}  // namespace

ShardScorer::ShardScorer(const ClipScorerOptions& options, const TrainedNetwork& trained,
                         at::Device device, std::shared_ptr<const ShardSet> shards)
    : ClipScorer(options, trained, device, VideosOf(*shards, options.subset)),
      shards_(std::move(shards)),
      members_(VideosOfSubset(shards_->videos(), options.subset)) {}

ScorePart ShardScorer::PlanPart(int number) const {
  ScorePart part = ClipScorer::PlanPart(number);
  const size_t first = FirstVideo(number);
  for (uint32_t row = 0; row < part.scores.front().videos.size(); ++row) {
    for (const Clip& window : WindowsOf(shards_->videos()[members_[first + row]].num_frames)) {
      AddClips(window, row, &part.scores);
    }
  }
  return part;
}

// Returns 0 x 0 if squares are scored, and if the video fails because of its frames' shape.
FrameSize ShardScorer::FrameSizeOf(size_t video, uint32_t row, ScorePart* part,
                                   FailedRows* failed) const {
  if (!ShowsWholeFrames()) {
    return {};
  }
  FrameSize frame;
  const auto read = [&] {
    frame = shards_->FrameSizeOf(video);
    RequireShape(frame);
  };
  return TryRow(row, read, part, failed) ? frame : FrameSize{};
}

void ShardScorer::Score(ScorePart* part) {
  const Scores& plan = part->scores.front();
  const size_t first = FirstVideo(plan.part);
  FailedRows failed(plan.videos.size());
  ClipsToRun clips;
  size_t place = 0;  // of the window's first clip in the part
  for (uint32_t row = 0; row < plan.videos.size(); ++row) {
    const size_t member = members_[first + row];
    const FrameSize frame = FrameSizeOf(member, row, part, &failed);
    for (const Clip& window : WindowsOf(shards_->videos()[member].num_frames)) {
      if (!failed[row]) {
        AddRequests(member, window, frame, place, &clips);
      }
      place += static_cast<size_t>(options().crops.Count());
    }
  }
  const auto id_of = [&](const ClipRequest& request) {
    return shards_->videos()[request.video].id;
  };
  RunClips(std::move(clips), FramesOf(*shards_), id_of, part, &failed);
  FinishClips(failed, part);
}

}  // namespace reel3d
