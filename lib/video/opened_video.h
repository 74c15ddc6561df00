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
  // Clocks of broadcasts start again where recordings are joined.
  bool HasLeapingClock() const { return (format->iformat->flags & AVFMT_TS_DISCONT) != 0; }
  // Packets fill the file, with nothing behind the last.
  bool PacketsAdjoin() const;
  // ListedFrames() are just those to be shown.
  bool ListsWhatIsShown() const;
  // Stays until another frame says otherwise.
  Orientation OrientationOfFrame(const AVFrame& frame);
  // On the stream's clock, from the file's start.
  double Seconds(int64_t stream_time) const;
  // How many frames the container lists to be shown; 0 unknown.
  int64_t ListedFrames() const;
  // How many of them, before `end_s`, have bytes behind the file's first `size_bytes`.
  int64_t ListedBehind(int64_t size_bytes, double end_s) const;
  // When, in seconds, the last frame ends that is listed to be shown; 0 unknown.
  double ListedEnd() const;
  // When the video ends as the container's header says; 0 unknown. Most say a duration of the whole
  // file, which may be the sound's.
  double StatedEnd() const;

  const std::string what;          // "cannot decode FILE": begins every message
  ffmpeg::Handle<AVIOContext> io;  // outlives format
  ffmpeg::Handle<AVFormatContext> format;
  ffmpeg::Handle<AVCodecContext> codec;
  AVStream* stream = nullptr;
  VideoInfo info;
  double origin_s = 0;  // the file's start on the stream's clock

 private:
  void OpenContainer(const std::filesystem::path& file);
  void ProbeStreams();
  void ChooseStream(const std::filesystem::path& file);
  void OpenCodec();
  void Describe();

  Orientation orientation_;
};

}  // namespace reel3d
