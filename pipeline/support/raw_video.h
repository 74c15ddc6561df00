// Clips of a video that is in no shard: it is prepared as prep-videos does it, into a temporary
// file, and its clips are cut from that as from a shard. So a network sees the same pixels.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "lib/base/file.h"
#include "lib/loader/batch_loader.h"
#include "lib/video/prepared_video.h"
#include "pipeline/support/prep_worker.h"

namespace reel3d {

class RawVideo {
 public:
  // `request` is what prep-videos would ask, without target. Throws an input error where the video
  // is none, or harms the worker.
  RawVideo(PrepareRequest request, PrepWorker* worker,
           const std::function<void(int64_t num_frames)>& on_frames);

  // The prepared video; gone with this object.
  const std::filesystem::path& prepared() const { return prepared_.temporary_path(); }
  const DecodeSummary& summary() const { return summary_; }
  int num_frames() const { return num_frames_; }
  // Average frames a second; 25 where the file says none.
  double fps() const;

  // Hands `clips`, which are in order of time, to `use` in groups of a few batches of `batch`
  // clips, each group with a source of its frames. Memory holds the frames of one group at a time.
  using UseGroup = std::function<void(std::vector<ClipRequest> clips, FrameSource frames)>;
  void ForEachGroup(const std::vector<Clip>& clips, int batch, const UseGroup& use) const;

 private:
  PendingFile prepared_;  // never published
  DecodeSummary summary_;
  PreparedVideoInfo info_;
  int num_frames_ = 0;
};

}  // namespace reel3d
