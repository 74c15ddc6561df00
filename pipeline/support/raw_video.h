// Loads clips of a video that is in no shard. The video is prepared into a temporary file in the
// same way as by prep-videos. Clips are cut from that file as from a shard, so a network gets the
// same pixels.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
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

// Reads a prepared video forward, and keeps a range of its frames in memory.
class FrameQueue {
 public:
  // Throws an input error if `prepared` cannot be read.
  explicit FrameQueue(const std::filesystem::path& prepared) : reader_(prepared) {}

  // Makes the frames [first, end) available, and forgets those before them. `first` must not fall.
  void Hold(int first, int end);
  // Returns one frame of the range. Throws an input error if the video does not have it. Any thread
  // may call it.
  const FrameData& At(int frame) const;
  // Holds the frames of `clip`, and returns its num_distinct frames. Throws as At() does. Clips
  // that overlap share the memory of their frames. The clips must come in order of time.
  std::vector<FrameData> FramesOf(const Clip& clip);

 private:
  PreparedVideoReader reader_;
  std::deque<FrameData> frames_;
  int first_ = 0;  // number of frames_[0]
};

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

// Prepares the parts of `request`, which have no targets, in one decoding of the file. If
// IsSureTogether() is false for a part, each part is prepared by itself. So the parts are those
// that requests of one part give. Throws an input error if the worker is to stop.
std::vector<RawPart> PrepareRawParts(const PrepareRequest& request, PrepWorker* worker);

}  // namespace reel3d
