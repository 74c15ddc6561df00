// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/raw_video.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "pipeline/support/judged_video.h"

namespace reel3d {
namespace {

constexpr size_t kBatchesAtOnce = 8;

std::unique_ptr<PendingFile> NewTemporary() {
  return std::make_unique<PendingFile>(SystemTemporaryFolder() / "reel3d.mkv");
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
          is_sound = is_sound && IsSureTogether(prepared);
          parts[part] = prepared;
        });
    for (size_t part = 0; is_sound && part < parts.size(); ++part) {
      videos->push_back(
          {std::make_unique<RawVideo>(std::move(files[part]), parts[part].summary), nullptr});
    }
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInput) {
      throw;
    }
    is_sound = false;
  }
  return is_sound;
}

}  // namespace

void AppendFrame(const FrameData& jpeg, FrameBytes* frames) {
  uint8_t* const to = frames->Append({0, jpeg->size()}, {Crc32(jpeg->data(), jpeg->size())});
  std::memcpy(to, jpeg->data(), jpeg->size());
}

void FrameQueue::Hold(int first, int end) {
  std::vector<uint8_t> jpeg;
  while (first_ + static_cast<int>(frames_.size()) < end && reader_.Next(&jpeg)) {
    frames_.push_back(std::make_shared<const std::vector<uint8_t>>(jpeg));
  }
  while (first_ < first && !frames_.empty()) {
    frames_.pop_front();
    ++first_;
  }
}

const FrameData& FrameQueue::At(int frame) const {
  const int64_t place = int64_t{frame} - first_;
  if (place < 0 || place >= static_cast<int64_t>(frames_.size())) {
    throw InputError(fmt::format("frame {} is not in the prepared video", frame));
  }
  return frames_[static_cast<size_t>(place)];
}

std::vector<FrameData> FrameQueue::FramesOf(const Clip& clip) {
  Hold(clip.frames.front(), EndOfClip(clip));
  std::vector<FrameData> frames;
  for (int place = 0; place < clip.num_distinct; ++place) {
    frames.push_back(At(clip.frames[static_cast<size_t>(place)]));
  }
  return frames;
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

std::vector<RawPart> PrepareRawParts(const PrepareRequest& request, PrepWorker* worker) {
  std::vector<RawPart> videos;
  if (request.parts.size() > 1 && PrepareTogether(request, worker, &videos)) {
    return videos;
  }
  videos.clear();
  for (const PreparePart& part : request.parts) {
    if (worker->IsStopping()) {  // or a worker process would be started for each part
      throw InputError("preparing was stopped");
    }
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
