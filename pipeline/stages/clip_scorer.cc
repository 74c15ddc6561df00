// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/clip_scorer.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/log.h"
#include "lib/infer/clip_tensors.h"

namespace reel3d {
namespace {

// Puts the frames of a clip into a random order: motion is lost, every image stays.
void ShuffleFrames(Clip& clip, Rng rng) {
  for (size_t i = clip.frames.size(); i > 1; --i) {
    std::swap(clip.frames[i - 1],
              clip.frames[static_cast<size_t>(rng.Below(static_cast<int64_t>(i)))]);
  }
}

// Removes the clips of failed videos: a part of a video's clips would give a wrong score.
void DropClipsOf(const std::vector<bool>& failed, Scores* scores) {
  const size_t num_classes = scores->classes.size();
  size_t kept = 0;
  for (size_t clip = 0; clip < scores->clips.size(); ++clip) {
    if (!failed[scores->clips[clip].video]) {
      scores->clips[kept] = scores->clips[clip];
      const auto logits = scores->logits.begin() + static_cast<ptrdiff_t>(clip * num_classes);
      std::copy_n(logits, num_classes,
                  scores->logits.begin() + static_cast<ptrdiff_t>(kept * num_classes));
      ++kept;
    }
  }
  scores->clips.resize(kept);
  scores->logits.resize(kept * num_classes);
}

}  // namespace

ClipScorer::ClipScorer(const ClipScorerOptions& options, const ShardSet& shards,
                       const TrainedNetwork& trained, at::Device device)
    : options_(options),
      shards_(shards),
      identity_(trained.identity),
      classes_(trained.classes),
      runner_(trained.network, trained.recipe,
              {options_.batch, options_.loader_threads, options_.decoding, BadClips::kReport,
               options_.crops},
              device),
      members_(VideosOfSubset(shards.videos(), options_.subset)) {
  if (members_.empty()) {
    throw InputError(fmt::format("{} holds no {} videos; --subset names another",
                                 shards.folder().string(), SubsetName(options_.subset)));
  }
  if (NumParts() > kMaxScoreFiles) {
    throw UsageError(fmt::format("--videos-per-part {}: makes {} files, and {} are the most",
                                 options_.videos_per_part, NumParts(), kMaxScoreFiles));
  }
}

int ClipScorer::NumParts() const {
  return static_cast<int>((members_.size() + PartSize() - 1) / PartSize());
}

ScorePart ClipScorer::PlanPart(int number) const {
  ScorePart part;
  Scores& scores = part.scores;
  scores.checkpoint = identity_;
  scores.data = fmt::format("{:08x}", shards_.fingerprint());
  scores.subset = SubsetName(options_.subset);
  scores.part = number;
  scores.num_parts = NumParts();
  scores.num_videos_expected =
      static_cast<int64_t>(members_.size()) + shards_.NumMissing(options_.subset);
  scores.classes = classes_;
  const size_t begin = static_cast<size_t>(number) * PartSize();
  const size_t end = std::min(begin + PartSize(), members_.size());
  for (size_t place = begin; place < end; ++place) {
    const IndexedVideo& video = shards_.videos()[members_[place]];
    scores.videos.push_back({video.id, video.label});
    AddClips(members_[place], static_cast<uint32_t>(place - begin), &part);
  }
  return part;
}

void ClipScorer::Score(ScorePart* part) {
  Scores& scores = part->scores;
  std::vector<bool> failed(scores.videos.size());
  const auto note = [&](const ClipFault& fault, size_t clip) {
    const uint32_t video = scores.clips[clip].video;
    if (!failed[video]) {
      failed[video] = true;
      part->failed.push_back({scores.videos[video].id, "score", fault.reason});
      LogWarn(fmt::format("{} failed: {}", scores.videos[video].id, fault.reason));
    }
  };
  runner_.Run(std::move(part->requests), FramesOf(shards_),
              [&](const Batch& batch, const at::Tensor& logits) {
                const size_t first_clip = scores.logits.size() / classes_.size();
                for (const ClipFault& fault : batch.faults) {
                  note(fault, first_clip + fault.clip);
                }
                AppendRows(logits, &scores.logits);
              });
  DropClipsOf(failed, &scores);
}

std::vector<Clip> ClipScorer::WindowsOf(const IndexedVideo& video) const {
  const ClipShape& shape = runner_.recipe().shape;
  if (options_.windows > 0) {
    return EvenClips(video.num_frames, shape, options_.windows, /*capped=*/true);
  }
  return SlidingClips(video.num_frames, shape, options_.window_stride.For(shape.length),
                      options_.tail);
}

void ClipScorer::AddClips(size_t member, uint32_t row, ScorePart* part) const {
  const IndexedVideo& video = shards_.videos()[member];
  for (Clip& clip : WindowsOf(video)) {
    const auto first_frame = static_cast<uint32_t>(clip.frames.front());
    const auto num_distinct = static_cast<uint16_t>(clip.num_distinct);
    if (options_.shuffle_frames) {
      ShuffleFrames(clip,
                    Rng(static_cast<uint64_t>(options_.seed), StableHash(video.id), first_frame));
    }
    for (int crop = 0; crop < options_.crops.count; ++crop) {
      part->scores.clips.push_back({row, first_frame, num_distinct, static_cast<uint8_t>(crop)});
      part->requests.push_back({member, video.label, clip, Rng(0), crop});
    }
  }
}

}  // namespace reel3d
