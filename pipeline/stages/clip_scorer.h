// Computes the logits of all clips of a subset's videos. A part is the content of one score file.
// shard_scorer and raw_scorer know where the frames come from.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "lib/data/clip_sampler.h"
#include "lib/data/crop_plan.h"
#include "lib/data/frame_order.h"
#include "lib/data/manifest.h"
#include "lib/eval/score_file.h"
#include "lib/frames/frame_decoder.h"
#include "lib/infer/clip_runner.h"
#include "lib/infer/trained_network.h"
#include "lib/loader/batch_loader.h"
#include "pipeline/support/item_loop.h"
#include "pipeline/support/window_stride.h"

namespace reel3d {

// A part under construction.
struct ScorePart {
  std::vector<Scores> scores;                   // one for each of ClipScorerOptions::orders
  bool has_clips = true;                        // `scores` has the clips, without logits
  std::vector<FailedItem> failed;               // videos with a clip that cannot be loaded
  std::map<std::string, std::string> warnings;  // by id: faults of videos that were scored
  int64_t num_truncated = 0;                    // of these videos
};

// Chooses the clips and how they are loaded. The fields are options of score-videos.
struct ClipScorerOptions {
  Subset subset = Subset::kValidation;
  WindowStride window_stride;
  int windows = 0;   // at most this many, spread evenly over each video; 0: use window_stride
  CropChoice crops;  // of each window
  TailRule tail = TailRule::kLoop;
  std::vector<FrameOrder> orders = {FrameOrder::kAsIs};  // in which each clip is scored
  int64_t seed = 1;                                      // of FrameOrder::kShuffled
  int videos_per_part = 256;
  Decoding decoding = Decoding::kFast;
  int batch = 32;
  int loader_threads = 1;
};

// The videos of the subset.
struct VideosToScore {
  std::vector<ScoredVideo> videos;  // in the order of the parts
  std::string data;                 // identity of their content
  int64_t num_missing = 0;          // videos that the subset should have, too
  std::string source;               // for messages: the shards, or the manifest
};

class ClipScorer {
 public:
  virtual ~ClipScorer() = default;
  ClipScorer(const ClipScorer&) = delete;
  ClipScorer& operator=(const ClipScorer&) = delete;

  int NumParts() const;
  // Returns part `number` without logits. The caller fills in `settings` of each of the scores.
  virtual ScorePart PlanPart(int number) const;
  // Computes the logits of the part. If a clip of a video cannot be loaded, all clips of this video
  // are removed and the video is added to `failed`.
  virtual void Score(ScorePart* part) = 0;

 protected:
  // Throws an input error if there are no videos. Throws a usage error if there would be too many
  // parts, if CropChoice::Check() throws, or if the network does not take the complete frames that
  // options.crops asks for.
  ClipScorer(const ClipScorerOptions& options, const TrainedNetwork& trained, at::Device device,
             VideosToScore videos);

  const ClipScorerOptions& options() const { return options_; }
  const VideosToScore& videos() const { return videos_; }
  // Returns the place in videos().videos of the first video of a part.
  size_t FirstVideo(int part) const { return static_cast<size_t>(part) * PartSize(); }
  bool ShowsWholeFrames() const { return options_.crops.crops == ScoringCrop::kWhole; }
  std::vector<Clip> WindowsOf(int num_frames) const;
  // Appends the crops of a window of the part's video `row` to the clips of each of `scores`.
  void AddClips(const Clip& window, uint32_t row, std::vector<Scores>* scores) const;

  // Clips to compute, and the place of each in the clips of the part.
  struct ClipsToRun {
    std::vector<ClipRequest> requests;
    std::vector<size_t> places;
  };
  // Appends the crops of a window, which are the part's clips from `place` on. `video` is the index
  // into the frame source. `frame` is the size of the video's frames; it is needed for complete
  // frames only.
  void AddRequests(size_t video, const Clip& window, FrameSize frame, size_t place,
                   ClipsToRun* clips) const;
  // Throws an input error if complete frames are wanted and such frames are too long for that.
  void RequireShape(FrameSize frame) const;

  // Holds the videos of a part that failed, by their rows.
  using FailedRows = std::vector<bool>;
  static void NoteFailure(const std::string& reason, uint32_t row, ScorePart* part,
                          FailedRows* failed);
  // Calls `read`, which reads the row's video. Returns false if it throws an input error, with
  // which the row fails.
  static bool TryRow(uint32_t row, const std::function<void()>& read, ScorePart* part,
                     FailedRows* failed);
  // Computes the logits of some of the part's clips. `id_of` names the video of a request. Complete
  // frames are computed size by size, so that batches are full.
  void RunClips(ClipsToRun clips, FrameSource frames,
                const std::function<std::string(const ClipRequest&)>& id_of, ScorePart* part,
                FailedRows* failed);
  // Removes the clips of failed videos, since a part of a video's clips would give a wrong score.
  // Puts the others in the order of the videos.
  static void FinishClips(const FailedRows& failed, ScorePart* part);

 private:
  size_t PartSize() const { return static_cast<size_t>(options_.videos_per_part); }
  std::vector<ClipRunner::ChooseFrames> Choosers(
      const std::function<std::string(const ClipRequest&)>& id_of) const;

  const ClipScorerOptions options_;
  const VideosToScore videos_;
  const std::string identity_;
  const std::vector<std::string> classes_;
  ClipRunner runner_;
};

}  // namespace reel3d
