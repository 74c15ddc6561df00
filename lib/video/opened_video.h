// Private to lib/video: a video file opened for decoding, after every check that can be made before
// its first frame.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "lib/video/ffmpeg_handle.h"
#include "lib/video/video_decoder.h"

namespace reel3d {

struct OpenedVideo {
  // Throws an input error where VideoDecoder says so.
  explicit OpenedVideo(const std::filesystem::path& file);

  // To the last key frame before the time, by an index that can be trusted; false if there is none,
  // and then it stands where it stood.
  bool Seek(double time_s);
  // On the clock of VideoFrame::time_s.
  double Seconds(int64_t stream_time) const;
  // How many frames the container says are to be shown; 0 unknown.
  int64_t PromisedFrames() const;
  // When, in seconds, the container says that the last frame ends; 0 unknown. Where only a duration
  // of the whole file is said, it may be the sound's: it is taken only if `damaged`.
  double PromisedEnd(bool damaged) const;

  const std::string what;          // "cannot decode FILE": begins every message
  ffmpeg::Handle<AVIOContext> io;  // outlives format
  ffmpeg::Handle<AVFormatContext> format;
  ffmpeg::Handle<AVCodecContext> codec;
  AVStream* stream = nullptr;
  Orientation orientation;
  VideoInfo info;
  double origin_s = 0;  // the file's start on the stream's clock

 private:
  void OpenContainer(const std::filesystem::path& file);
  void ProbeStreams();
  void ChooseStream();
  void OpenCodec();
  void Describe();
};

}  // namespace reel3d
