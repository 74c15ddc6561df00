// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/raw_video.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <utility>

namespace reel3d {
namespace fs = std::filesystem;
namespace {

// Keeps a range of frames of a prepared video in memory. Hold() moves the range forward.
class FrameQueue {
 public:
  explicit FrameQueue(const fs::path& file) : reader_(file) {}

  // Makes the frames [first, end) available.
  void Hold(int first, int end) {
    std::vector<uint8_t> jpeg;
    while (first_ + static_cast<int>(frames_.size()) < end && reader_.Next(&jpeg)) {
      frames_.push_back(jpeg);
    }
    while (first_ < first && !frames_.empty()) {
      frames_.pop_front();
      ++first_;
    }
  }

  // Appends the bytes of one frame of the range. Any thread may call it.
  void Append(int frame, FrameBytes* frames) const {
    const std::vector<uint8_t>& jpeg = frames_.at(static_cast<size_t>(frame - first_));
    uint8_t* const to = frames->Append({0, jpeg.size()}, {Crc32(jpeg.data(), jpeg.size())});
    std::memcpy(to, jpeg.data(), jpeg.size());
  }

 private:
  PreparedVideoReader reader_;
  std::deque<std::vector<uint8_t>> frames_;
  int first_ = 0;  // number of frames_[0]
};

constexpr size_t kBatchesAtOnce = 8;

}  // namespace

RawVideo::RawVideo(PrepareRequest request, PrepWorker* worker,
                   const std::function<void(int64_t num_frames)>& on_frames)
    : prepared_(fs::temp_directory_path() / "reel3d.mkv") {
  request.parts.front().target = prepared_.temporary_path();
  summary_ = worker->Prepare(request, on_frames);
  PreparedVideoReader reader(prepared());
  info_ = reader.info();
  for (std::vector<uint8_t> jpeg; reader.Next(&jpeg);) {
    begins_s_.push_back(reader.time_s());
  }
}

double RawVideo::fps() const {
  constexpr double kPal = 25;
  return info_.fps_num > 0 ? static_cast<double>(info_.fps_num) / info_.fps_den : kPal;
}

double RawVideo::EndOf(int frame) const {
  return frame + 1 < num_frames() ? BeginOf(frame + 1) : BeginOf(frame) + 1 / fps();
}

void RawVideo::ForEachGroup(const std::vector<Clip>& clips, int batch, const UseGroup& use) const {
  FrameQueue queue(prepared());
  const size_t group = kBatchesAtOnce * static_cast<size_t>(batch);
  for (size_t first = 0; first < clips.size(); first += group) {
    const size_t end = std::min(first + group, clips.size());
    std::vector<ClipRequest> requests;
    int end_frame = 0;
    for (size_t i = first; i < end; ++i) {
      requests.push_back({0, -1, clips[i], Rng(0)});
      end_frame = std::max(end_frame,
                           *std::max_element(clips[i].frames.begin(), clips[i].frames.end()) + 1);
    }
    queue.Hold(clips[first].frames.front(), end_frame);
    FrameSource source;
    source.read = [&](size_t /*video*/, const std::vector<int>& frames, FrameBytes* bytes) {
      bytes->Clear();
      for (const int frame : frames) {
        queue.Append(frame, bytes);
      }
    };
    source.name = [](size_t /*video*/) { return "the prepared video"; };
    use(std::move(requests), std::move(source));
  }
}

}  // namespace reel3d
