// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/raw_video.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <utility>

#include "lib/base/error.h"

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
      frames_.push_back(std::make_shared<const std::vector<uint8_t>>(jpeg));
    }
    while (first_ < first && !frames_.empty()) {
      frames_.pop_front();
      ++first_;
    }
  }

  // Returns one frame of the range. Any thread may call it.
  const FrameData& At(int frame) const { return frames_.at(static_cast<size_t>(frame - first_)); }

 private:
  PreparedVideoReader reader_;
  std::deque<FrameData> frames_;
  int first_ = 0;  // number of frames_[0]
};

constexpr size_t kBatchesAtOnce = 8;

std::unique_ptr<PendingFile> NewTemporary() {
  return std::make_unique<PendingFile>(fs::temp_directory_path() / "reel3d.mkv");
}

// Returns the number behind the last frame of a clip.
int EndOfClip(const Clip& clip) {
  return *std::max_element(clip.frames.begin(), clip.frames.end()) + 1;
}

// Returns false if a part is in doubt.
bool PrepareTogether(PrepareRequest request, PrepWorker* worker, std::vector<RawPart>* videos) {
  std::vector<std::unique_ptr<PendingFile>> files;
  for (PreparePart& part : request.parts) {
    files.push_back(NewTemporary());
    part.target = files.back()->temporary_path();
  }
  bool is_sound = true;
  std::vector<PreparedPart> parts(request.parts.size());
  try {
    worker->PrepareParts(
        request, [](int64_t /*num_frames*/) {},
        [&](size_t part, const PreparedPart& prepared) {
          is_sound = is_sound && prepared.fault.empty() && !prepared.summary.truncated;
          parts[part] = prepared;
        });
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInput) {
      throw;
    }
    is_sound = false;
  }
  for (size_t part = 0; is_sound && part < parts.size(); ++part) {
    videos->push_back(
        {std::make_unique<RawVideo>(std::move(files[part]), parts[part].summary), nullptr});
  }
  return is_sound;
}

}  // namespace

void AppendFrame(const FrameData& jpeg, FrameBytes* frames) {
  uint8_t* const to = frames->Append({0, jpeg->size()}, {Crc32(jpeg->data(), jpeg->size())});
  std::memcpy(to, jpeg->data(), jpeg->size());
}

RawVideo::RawVideo(PrepareRequest request, PrepWorker* worker,
                   const std::function<void(int64_t num_frames)>& on_frames)
    : prepared_(NewTemporary()) {
  request.parts.front().target = prepared_->temporary_path();
  summary_ = worker->Prepare(request, on_frames);
  ReadTimes();
}

RawVideo::RawVideo(std::unique_ptr<PendingFile> prepared, DecodeSummary summary)
    : prepared_(std::move(prepared)), summary_(std::move(summary)) {
  ReadTimes();
}

void RawVideo::ReadTimes() {
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
      end_frame = std::max(end_frame, EndOfClip(clips[i]));
    }
    queue.Hold(clips[first].frames.front(), end_frame);
    FrameSource source;
    source.read = [&](size_t /*video*/, const std::vector<int>& frames, FrameBytes* bytes) {
      bytes->Clear();
      for (const int frame : frames) {
        AppendFrame(queue.At(frame), bytes);
      }
    };
    source.name = [](size_t /*video*/) { return "the prepared video"; };
    use(std::move(requests), std::move(source));
  }
}

void RawVideo::ForEachClip(const std::vector<Clip>& clips, const UseClip& use) const {
  FrameQueue queue(prepared());
  for (const Clip& clip : clips) {
    queue.Hold(clip.frames.front(), EndOfClip(clip));
    std::vector<FrameData> frames;
    for (int place = 0; place < clip.num_distinct; ++place) {
      frames.push_back(queue.At(clip.frames[static_cast<size_t>(place)]));
    }
    use(clip, std::move(frames));
  }
}

std::vector<RawPart> PrepareRawParts(const PrepareRequest& request, PrepWorker* worker) {
  std::vector<RawPart> videos;
  if (request.parts.size() > 1 && PrepareTogether(request, worker, &videos)) {
    return videos;
  }
  videos.clear();
  for (const PreparePart& part : request.parts) {
    PrepareRequest alone = request;
    alone.parts = {part};
    RawPart& video = videos.emplace_back();
    try {
      video.video =
          std::make_unique<RawVideo>(std::move(alone), worker, [](int64_t /*num_frames*/) {});
    } catch (...) {
      video.error = std::current_exception();
    }
  }
  return videos;
}

}  // namespace reel3d
