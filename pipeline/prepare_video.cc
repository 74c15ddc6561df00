// SPDX-License-Identifier: Apache-2.0
#include "pipeline/prepare_video.h"

#include <fmt/format.h>

#include <vector>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/video/frame_scaler.h"
#include "lib/video/jpeg_encoder.h"
#include "lib/video/prepared_video.h"

namespace reel3d {
namespace {

// What went into a file, to be found there again.
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

// All frames of `decoder`, of which `frame` is the first.
void WriteFrames(VideoDecoder* decoder, VideoFrame* frame, const PrepareRequest& request,
                 Written* written) {
  const ImageSize size = SizeOf(*frame, request);
  FrameScaler scaler(size);
  JpegEncoder encoder(request.quality);
  const VideoInfo& info = decoder->info();
  PreparedVideoWriter writer(
      request.target, {size.width, size.height, info.fps_num, info.fps_den, request.made_from});
  do {
    const std::vector<uint8_t>& jpeg = encoder.Encode(scaler.Scale(*frame));
    writer.Write(jpeg, frame->time_s - request.part.begin_s);
    written->Add(jpeg);
  } while (decoder->Next(frame));
  writer.Finish();
}

// What the disk gave back must be what it was given.
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
  Written written;
  decoder.OnDecoded([&] { on_frame(written.num_frames); });
  VideoFrame frame;
  decoder.Next(&frame);  // throws where there is none
  WriteFrames(&decoder, &frame, request, &written);
  Verify(request.target, written, on_frame);
  return decoder.summary();
}

}  // namespace reel3d
