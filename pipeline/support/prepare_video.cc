// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/prepare_video.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/video/frame_scaler.h"
#include "lib/video/jpeg_encoder.h"
#include "lib/video/prepared_video.h"

namespace reel3d {
namespace {

// Counts the frames of a file and computes their checksum, to compare what is read back with what
// was written.
struct Written {
  int64_t num_frames = 0;
  uint32_t crc = 0;

  void Add(const std::vector<uint8_t>& jpeg) {
    ++num_frames;
    crc = Crc32(jpeg.data(), jpeg.size(), crc);
  }
};

ImageSize SizeOf(const VideoFrame& frame, const PrepareRequest& request) {
  return request.short_side > 0 ? SizeForShortSide(frame.aspect, request.short_side)
                                : SizeForHeight(frame.aspect, request.height);
}

FrameRate RateOf(const VideoInfo& info, const PrepareRequest& request) {
  const FrameRate average{info.fps_num, info.fps_den};
  if (!request.even_rate) {
    return average;
  }
  if (request.rate.num > 0) {
    return request.rate;
  }
  constexpr double kHighest = 500;
  if (average.num <= 0 || average.PerSecond() > kHighest) {
    throw InputError(
        fmt::format("{}: the file states no frame rate, so --fps constant is impossible; give a "
                    "number, such as --fps 25",
                    request.source));
  }
  return average;
}

// Scales and encodes frames to one size.
struct FrameCoder {
  FrameCoder(const ImageSize& size, const PrepareRequest& request)
      : scaler(size, request.interlaced), encoder(request.quality) {}
  FrameScaler scaler;
  JpegEncoder encoder;
};

using SizeKey = std::pair<int, int>;

// A decoded frame, and its JPEG for each size that was asked for.
struct Picture {
  VideoFrame frame;
  std::map<SizeKey, std::vector<uint8_t>> jpegs;
};

// Encodes each picture once for all parts of one size, which are all parts of nearly every video.
class PictureCoder {
 public:
  explicit PictureCoder(const PrepareRequest& request) : request_(request) {}

  const std::vector<uint8_t>& Encode(const ImageSize& size, Picture* picture) {
    const SizeKey key{size.width, size.height};
    const auto [place, is_new] = picture->jpegs.try_emplace(key);
    if (is_new) {
      try {
        FrameCoder& coder = CoderOf(size);
        place->second = coder.encoder.Encode(coder.scaler.Scale(picture->frame));
        ++num_encoded_;
      } catch (...) {
        picture->jpegs.erase(place);
        throw;
      }
    }
    return place->second;
  }
  const std::string& NoteOf(const ImageSize& size) { return CoderOf(size).scaler.note(); }
  int64_t num_encoded() const { return num_encoded_; }

 private:
  FrameCoder& CoderOf(const ImageSize& size) {
    return coders_.try_emplace({size.width, size.height}, size, request_).first->second;
  }

  const PrepareRequest& request_;
  std::map<SizeKey, FrameCoder> coders_;
  int64_t num_encoded_ = 0;
};

// Writes the frames of one part to its target, each at its own time or at a constant rate.
class PartWriter {
 public:
  PartWriter(const PrepareRequest& request, const PreparePart& part, const VideoInfo& info,
             const VideoFrame& first, PictureCoder* coder)
      : coder_(coder),
        // The first frame may stand before the file's start.
        begin_s_(std::min(part.part.begin_s, first.time_s)),
        rate_(RateOf(info, request)),
        size_(SizeOf(first, request)),
        writer_(part.target, {size_.width, size_.height, rate_.num, rate_.den, part.made_from}) {
    if (request.even_rate) {
      pacer_.emplace(rate_, info.FrameStep());
    }
  }

  void Take(std::shared_ptr<Picture> picture) {
    if (!pacer_) {
      Write(picture.get(), picture->frame.time_s - begin_s_);
      return;
    }
    // A frame is written, or not, when the time of the next one is known.
    WriteEvenly(pacer_->NumBefore(picture->frame.time_s));
    held_ = std::move(picture);
  }
  void Finish() {
    if (pacer_) {
      WriteEvenly(pacer_->NumLast());
    }
    writer_.Finish();
  }
  const Written& written() const { return written_; }
  const std::string& note() const { return coder_->NoteOf(size_); }

 private:
  void Write(Picture* picture, double time_s) {
    const std::vector<uint8_t>& jpeg = coder_->Encode(size_, picture);
    writer_.Write(jpeg, time_s);
    written_.Add(jpeg);
  }
  void WriteEvenly(int64_t count) {
    for (; count > 0; --count) {
      Write(held_.get(), static_cast<double>(written_.num_frames) / rate_.PerSecond());
    }
  }

  PictureCoder* coder_;
  const double begin_s_;
  const FrameRate rate_;
  const ImageSize size_;
  PreparedVideoWriter writer_;
  std::optional<FramePacer> pacer_;
  std::shared_ptr<Picture> held_;  // waits for the time of the next
  Written written_;
};

// Reads the file back and throws unless it holds what was written.
void Verify(const std::string& file, const Written& written,
            const std::function<void()>& on_frame) {
  PreparedVideoReader reader(file);
  Written found;
  std::vector<uint8_t> jpeg;
  while (reader.Next(&jpeg)) {
    found.Add(jpeg);
    on_frame();
  }
  if (found.num_frames != written.num_frames || found.crc != written.crc) {
    throw EnvironmentError(fmt::format("{} reads back other than written ({} of {} frames)", file,
                                       found.num_frames, written.num_frames));
  }
}

// Returns the parts, by their numbers, for each pass over the video.
std::vector<std::vector<size_t>> PlanPasses(const std::vector<PreparePart>& parts) {
  std::vector<size_t> order(parts.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return parts[a].part.begin_s < parts[b].part.begin_s;
  });
  std::vector<std::vector<size_t>> passes;
  while (!order.empty()) {
    std::vector<size_t> taken, left;
    std::multiset<double> ends;  // of the parts taken that are not over
    for (const size_t i : order) {
      ends.erase(ends.begin(), ends.upper_bound(parts[i].part.begin_s));
      const bool has_room = ends.size() < kMostPartsAtOnce;
      (has_room ? taken : left).push_back(i);
      if (has_room) {
        ends.insert(parts[i].part.end_s);
      }
    }
    passes.push_back(std::move(taken));
    order = std::move(left);
  }
  return passes;
}

// Prepares the parts of one pass.
class Pass {
 public:
  Pass(const PrepareRequest& request, const std::vector<size_t>& numbers,
       const std::function<void(int64_t)>& on_frame, const OnPreparedPart& on_part)
      : request_(request),
        on_frame_(on_frame),
        on_part_(on_part),
        decoder_(request.source, PartsOf(request, numbers)),
        coder_(request) {
    for (const size_t number : numbers) {
      tracks_.push_back({number, nullptr});
    }
  }

  void Run() {
    decoder_.OnDecoded([&] { on_frame_(coder_.num_encoded()); });
    auto picture = std::make_shared<Picture>();
    while (num_done_ < tracks_.size() && decoder_.Next(&picture->frame)) {
      ForEach([&](size_t i, Track* track) {
        if (decoder_.IsIn(i)) {
          Take(picture, track);
        }
        if (decoder_.IsOver(i)) {
          Finish(i, track);
        }
      });
      if (picture.use_count() > 1) {
        picture = std::make_shared<Picture>();
      }
      picture->jpegs.clear();
    }
    ForEach([&](size_t i, Track* track) { Finish(i, track); });
  }

 private:
  struct Track {
    size_t number;
    std::unique_ptr<PartWriter> writer;
    bool is_written = false;
    bool is_done = false;
  };

  static std::vector<VideoPart> PartsOf(const PrepareRequest& request,
                                        const std::vector<size_t>& numbers) {
    std::vector<VideoPart> parts;
    for (const size_t number : numbers) {
      parts.push_back(request.parts[number].part);
    }
    return parts;
  }

  // Calls `use` for each part that is not done. An input fault costs that part alone.
  void ForEach(const std::function<void(size_t, Track*)>& use) {
    for (size_t i = 0; i < tracks_.size(); ++i) {
      Track& track = tracks_[i];
      if (track.is_done) {
        continue;
      }
      try {
        use(i, &track);
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::kInput) {
          throw;
        }
        End(&track, {{}, error.what(), track.is_written});
      }
    }
  }

  void Take(const std::shared_ptr<Picture>& picture, Track* track) {
    if (track->writer == nullptr) {
      track->writer = std::make_unique<PartWriter>(request_, request_.parts[track->number],
                                                   decoder_.info(), picture->frame, &coder_);
    }
    track->writer->Take(picture);
  }

  void Finish(size_t i, Track* track) {
    if (track->writer == nullptr) {
      throw InputError(decoder_.WhyEmpty(i));
    }
    track->writer->Finish();
    track->is_written = true;
    Verify(request_.parts[track->number].target, track->writer->written(),
           [&] { on_frame_(coder_.num_encoded()); });
    DecodeSummary summary = decoder_.summary(i);
    if (!track->writer->note().empty()) {
      summary.notes.push_back(track->writer->note());
    }
    End(track, {summary, "", false});
  }

  void End(Track* track, const PreparedPart& prepared) {
    track->writer.reset();
    track->is_done = true;
    ++num_done_;
    on_part_(track->number, prepared);
  }

  const PrepareRequest& request_;
  const std::function<void(int64_t)>& on_frame_;
  const OnPreparedPart& on_part_;
  VideoDecoder decoder_;
  PictureCoder coder_;
  std::vector<Track> tracks_;
  size_t num_done_ = 0;
};

}  // namespace

void PrepareParts(const PrepareRequest& request,
                  const std::function<void(int64_t num_frames)>& on_frame,
                  const OnPreparedPart& on_part) {
  int64_t num_before = 0, last = 0;  // frames of the passes before; of this one so far
  const auto tell = std::function<void(int64_t)>([&](int64_t num_frames) {
    last = num_frames;
    on_frame(num_before + num_frames);
  });
  for (const std::vector<size_t>& numbers : PlanPasses(request.parts)) {
    Pass(request, numbers, tell, on_part).Run();
    num_before += last;
    last = 0;
  }
}

DecodeSummary PrepareVideo(const PrepareRequest& request,
                           const std::function<void(int64_t num_frames)>& on_frame) {
  PreparedPart only;
  PrepareParts(request, on_frame,
               [&](size_t /*part*/, const PreparedPart& prepared) { only = prepared; });
  if (!only.fault.empty()) {
    throw InputError(only.fault);
  }
  return only.summary;
}

}  // namespace reel3d
