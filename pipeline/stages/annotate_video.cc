// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/annotate_video.h"

#include <algorithm>
#include <vector>

#include "lib/base/file.h"
#include "lib/video/frame_scaler.h"
#include "lib/video/video_decoder.h"
#include "lib/video/video_encoder.h"

namespace reel3d {
namespace {

// Returns a copy of the picture with `rows_below` black rows under it.
YuvImage Copy(const YuvImage& image, int rows_below) {
  constexpr uint8_t kNoColour = 128;
  YuvImage copy(image.width(), image.height() + rows_below);
  for (int plane = 0; plane < YuvImage::kPlanes; ++plane) {
    for (int y = 0; y < copy.height(plane); ++y) {
      if (y < image.height(plane)) {
        std::copy_n(image.row(plane, y), image.width(plane), copy.row(plane, y));
      } else {
        std::fill_n(copy.row(plane, y), copy.width(plane), plane == 0 ? uint8_t{0} : kNoColour);
      }
    }
  }
  return copy;
}

// Returns the planes one after another without padding, as VideoEncoder::Write() expects.
std::vector<uint8_t> Flatten(const YuvImage& image) {
  std::vector<uint8_t> bytes;
  for (int plane = 0; plane < YuvImage::kPlanes; ++plane) {
    for (int y = 0; y < image.height(plane); ++y) {
      bytes.insert(bytes.end(), image.row(plane, y), image.row(plane, y) + image.width(plane));
    }
  }
  return bytes;
}

VideoEncoderOptions EncoderFor(const VideoInfo& info, int rows_below) {
  VideoEncoderOptions options;
  options.width = info.width;
  options.height = info.height + rows_below;
  if (info.fps_num > 0) {
    options.fps_num = info.fps_num;
    options.fps_den = info.fps_den;
  }
  options.variable_rate = true;
  options.container = "mp4";
  options.color_range = "pc";  // as in JPEG
  options.color_space = "smpte170m";
  return options;
}

}  // namespace

void AnnotateVideo(const std::filesystem::path& prepared, const std::filesystem::path& target,
                   int rows_below,
                   const std::function<void(int64_t frame_index, YuvImage* picture)>& draw) {
  VideoDecoder decoder(prepared);
  const VideoInfo& info = decoder.info();
  FrameScaler scaler({info.width, info.height});
  PendingFile pending(target);
  VideoEncoder encoder(pending.temporary_path(), EncoderFor(info, rows_below));
  VideoFrame frame;
  for (int64_t index = 0; decoder.Next(&frame); ++index) {
    YuvImage image = Copy(scaler.Scale(frame), rows_below);
    draw(index, &image);
    encoder.Write(Flatten(image), frame.time_s);
  }
  encoder.Finish();
  pending.Publish();
}

}  // namespace reel3d
