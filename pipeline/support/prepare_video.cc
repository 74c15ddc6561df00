// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/prepare_video.h"

#include <fmt/format.h>

#include <algorithm>
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

// Writes frames as JPEGs to the target.
class FrameWriter {
 public:
  FrameWriter(const PrepareRequest& request, const ImageSize& size, const FrameRate& rate)
      : scaler_(size, request.interlaced),
        encoder_(request.quality),
        writer_(request.target, {size.width, size.height, rate.num, rate.den, request.made_from}) {}

  void Encode(const VideoFrame& frame) { jpeg_ = &encoder_.Encode(scaler_.Scale(frame)); }
  // Writes the frame that was encoded last.
  void Write(double time_s) {
    writer_.Write(*jpeg_, time_s);
    written_.Add(*jpeg_);
  }
  void Finish() { writer_.Finish(); }
  const Written& written() const { return written_; }
  const std::string& note() const { return scaler_.note(); }

 private:
  FrameScaler scaler_;
  JpegEncoder encoder_;
  PreparedVideoWriter writer_;
  const std::vector<uint8_t>* jpeg_ = nullptr;
  Written written_;
};

// Writes all frames of `decoder`, beginning with `frame`, each at its own time.
void WriteAsTheyCome(VideoDecoder* decoder, VideoFrame* frame, double begin_s,
                     FrameWriter* writer) {
  do {
    writer->Encode(*frame);
    writer->Write(frame->time_s - begin_s);
  } while (decoder->Next(frame));
}

// Writes the same frames at a constant rate. A frame may be written several times or not at all:
// the time of the next frame decides it.
void WriteEvenly(VideoDecoder* decoder, VideoFrame* frame, const FrameRate& rate,
                 FrameWriter* writer) {
  FramePacer pacer(rate, decoder->info().FrameStep());
  int64_t num_written = 0;
  const auto write = [&](const VideoFrame& shown, int64_t count) {
    if (count > 0) {
      writer->Encode(shown);
    }
    for (; count > 0; --count) {
      writer->Write(static_cast<double>(num_written++) / rate.PerSecond());
    }
  };
  VideoFrame other;
  VideoFrame* next = &other;
  pacer.NumBefore(frame->time_s);
  while (decoder->Next(next)) {
    write(*frame, pacer.NumBefore(next->time_s));
    std::swap(frame, next);
  }
  write(*frame, pacer.NumLast());
}

// Reads the file back. Throws an environment error if its frames differ from those written.
void Verify(const std::string& file, const Written& written,
            const std::function<void(int64_t)>& on_frame) {
  PreparedVideoReader reader(file);
  Written found;
  std::vector<uint8_t> jpeg;
  while (reader.Next(&jpeg)) {
    found.Add(jpeg);
    on_frame(written.num_frames);
  }
  if (found.num_frames != written.num_frames || found.crc != written.crc) {
    throw EnvironmentError(fmt::format("{} reads back other than written ({} of {} frames)", file,
                                       found.num_frames, written.num_frames));
  }
}

}  // namespace

DecodeSummary PrepareVideo(const PrepareRequest& request,
                           const std::function<void(int64_t num_frames)>& on_frame) {
  VideoDecoder decoder(request.source, request.part);
  VideoFrame frame;
  decoder.OnDecoded([&] { on_frame(0); });
  decoder.Next(&frame);  // throws if the video has no frame
  const FrameRate rate = RateOf(decoder.info(), request);
  FrameWriter writer(request, SizeOf(frame, request), rate);
  decoder.OnDecoded([&] { on_frame(writer.written().num_frames); });
  if (request.even_rate) {
    WriteEvenly(&decoder, &frame, rate, &writer);
  } else {
    // The first frame may have a negative time.
    WriteAsTheyCome(&decoder, &frame, std::min(request.part.begin_s, frame.time_s), &writer);
  }
  writer.Finish();
  Verify(request.target, writer.written(), on_frame);
  DecodeSummary summary = decoder.summary();
  if (!writer.note().empty()) {
    summary.notes.push_back(writer.note());
  }
  return summary;
}

}  // namespace reel3d
