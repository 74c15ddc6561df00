// Scores the video files of a manifest, without shards. Each video is prepared into a temporary
// file in the same way as by prep-videos, so the network gets the pixels that it gets from shards.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pipeline/stages/clip_scorer.h"
#include "pipeline/support/preparation_options.h"
#include "pipeline/support/raw_video.h"
#include "pipeline/support/worker_limits.h"

namespace reel3d {

struct RawScorerOptions {
  std::string manifest;
  PreparationOptions preparation;
  WorkerLimits limits;
  bool allow_truncated = false;  // score videos that have fewer frames than their files state
  int prep_threads = 1;          // videos that are prepared at the same time
};

// Returns what identifies the videos of a subset: it changes if the manifest changes, the size of
// one of their files, or the rule by which their clips become batches.
std::string VideosIdentity(const std::string& manifest_file, const Manifest& manifest,
                           Subset subset);

class RawScorer : public ClipScorer {
 public:
  // Throws as ClipScorer's constructor does, and an input error if the manifest is damaged or has a
  // label that is no class of the network.
  RawScorer(const ClipScorerOptions& options, const TrainedNetwork& trained, at::Device device,
            const RawScorerOptions& raw);

  // The numbers of frames, and so the clips, are known only when the videos have been decoded.
  ScorePart PlanPart(int number) const override;
  void Score(ScorePart* part) override;

 private:
  RawScorer(const ClipScorerOptions& options, const TrainedNetwork& trained, at::Device device,
            RawScorerOptions raw, Manifest manifest);
  // Clips of several videos that wait to be computed together, with their frames.
  struct HeldClip {
    uint32_t row = 0;  // of the video in the part
    Clip clip;
    std::vector<FrameData> frames;  // the distinct ones
  };
  struct HeldClips {
    std::vector<HeldClip> clips;
    ClipsToRun to_run;  // ClipRequest::video is an index into `clips`
  };
  // Rows of a part that are cut from one file, and are decoded together.
  using FileRows = std::vector<uint32_t>;

  const VideoRow& RowOf(const Scores& plan, uint32_t row) const {
    return manifest_.videos[members_[FirstVideo(plan.part) + row]];
  }
  std::vector<FileRows> FilesOf(const Scores& plan) const;
  std::vector<PrepareRequest> RequestsFor(const Scores& plan,
                                          const std::vector<FileRows>& files) const;
  void HoldClips(const RawVideo& video, uint32_t row, HeldClips* held, ScorePart* part,
                 FailedRows* failed);
  void RunHeld(HeldClips* held, ScorePart* part, FailedRows* failed);

  const RawScorerOptions raw_;
  const Manifest manifest_;
  const std::vector<size_t> members_;  // rows of the subset
};

}  // namespace reel3d
