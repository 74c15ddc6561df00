// Loads clips of a video that is in no shard. The video is prepared into a temporary file in the
// same way as by prep-videos. Clips are cut from that file as from a shard, so a network gets the
// same pixels.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "lib/base/file.h"
#include "lib/loader/batch_loader.h"
#include "lib/video/prepared_video.h"
#include "pipeline/support/prep_worker.h"

namespace reel3d {

// The JPEG of a frame.
using FrameData = std::shared_ptr<const std::vector<uint8_t>>;

void AppendFrame(const FrameData& jpeg, FrameBytes* frames);

class RawVideo {
 public:
  // `request` is the request of prep-videos, without target. Throws an input error if the file is
  // no video, or if it makes the worker crash, hang or exceed its memory.
  RawVideo(PrepareRequest request, PrepWorker* worker,
           const std::function<void(int64_t num_frames)>& on_frames);
  // Takes over a file that a worker has prepared. Throws an input error if it cannot be read.
  RawVideo(std::unique_ptr<PendingFile> prepared, DecodeSummary summary);

  // Returns the path of the prepared video. The destructor removes the file.
  const std::filesystem::path& prepared() const { return prepared_->temporary_path(); }
  const DecodeSummary& summary() const { return summary_; }
  int width() const { return info_.width; }  // pixels
  int height() const { return info_.height; }
  int num_frames() const { return static_cast<int>(begins_s_.size()); }
  // Returns the average frames per second; 25 if the file states none.
  double fps() const;
  // Return when a frame begins and ends, in seconds from the start of the video. A frame ends when
  // the next one begins. The last frame has the average length.
  double BeginOf(int frame) const { return begins_s_.at(static_cast<size_t>(frame)); }
  double EndOf(int frame) const;

  // Calls `use` with one group of `clips` after another, and with a source of the group's frames. A
  // group has a few batches of `batch` clips. `clips` must be in order of time. Memory holds the
  // frames of one group at a time.
  using UseGroup = std::function<void(std::vector<ClipRequest> clips, FrameSource frames)>;
  void ForEachGroup(const std::vector<Clip>& clips, int batch, const UseGroup& use) const;

  // Calls `use` for one of `clips` after another, with the clip's num_distinct frames. Clips that
  // overlap share the memory of their frames. `clips` must be in order of time. Throws an input
  // error if a frame is not in the prepared video.
  using UseClip = std::function<void(const Clip& clip, std::vector<FrameData> frames)>;
  void ForEachClip(const std::vector<Clip>& clips, const UseClip& use) const;

 private:
  void ReadTimes();

  std::unique_ptr<PendingFile> prepared_;  // never published
  DecodeSummary summary_;
  PreparedVideoInfo info_;
  std::vector<double> begins_s_;  // of each frame
};

// A part of a file that was prepared, or the error that its RawVideo throws.
struct RawPart {
  std::unique_ptr<RawVideo> video;
  std::exception_ptr error;
};

// Prepares the parts of `request`, which have no targets, in one decoding of the file. If a part
// fails or is truncated, each part is prepared by itself, because the damage may lie before it. So
// the parts are those that requests of one part give.
std::vector<RawPart> PrepareRawParts(const PrepareRequest& request, PrepWorker* worker);

}  // namespace reel3d
