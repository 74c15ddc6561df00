// SPDX-License-Identifier: Apache-2.0
#include "lib/shard/video_scan.h"

#include <fmt/format.h>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/frames/jpeg_header.h"

namespace reel3d {
namespace {

JpegHeader ReadHeader(const std::vector<uint8_t>& jpeg, size_t frame) {
  try {
    return ReadJpegHeader(jpeg);
  } catch (const Error& error) {
    throw InputError(fmt::format("frame {} is {}", frame, error.what()));
  }
}

}  // namespace

void VideoScan::AddFrame(const std::vector<uint8_t>& jpeg) {
  const size_t frame = frames_.size();
  const JpegHeader header = ReadHeader(jpeg, frame);
  if (header.width != video_.width || header.height != video_.height) {
    throw InputError(fmt::format("frame {} is {} x {} in a video of {} x {}", frame, header.width,
                                 header.height, video_.width, video_.height));
  }
  if (jpeg.size() > kMaxFrameBytes) {
    throw InputError(fmt::format("frame {} has {} bytes", frame, jpeg.size()));
  }
  const auto restart = static_cast<uint16_t>(header.restart_interval);
  const auto quality = static_cast<uint32_t>(header.quality);
  video_.restart_interval = frame == 0 || video_.restart_interval == restart ? restart : 0;
  quality_ = frame == 0 || quality_ == quality ? quality : 0;
  frames_.push_back({static_cast<uint32_t>(jpeg.size()), Crc32(jpeg.data(), jpeg.size())});
}

ShardTable MakeTable(const std::vector<VideoScan>& scans, const std::vector<std::string>& classes) {
  ShardTable table;
  table.classes = classes;
  for (const VideoScan& scan : scans) {
    const bool first = table.videos.empty();
    const uint32_t height = scan.video().height;
    table.height = first || table.height == height ? height : 0;
    table.quality = first || table.quality == scan.quality() ? scan.quality() : 0;
    AddVideo(scan.video(), scan.frames(), &table);
  }
  return table;
}

}  // namespace reel3d
