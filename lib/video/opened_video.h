// Private to lib/video: opens a video file for decoding and makes every check that is possible
// before its first frame.
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

  // Goes to the last key frame before the time, if the container has an index that can be trusted.
  // Otherwise it returns false and stays where it is.
  bool Seek(double time_s);
  // Returns whether the clock may start again where recordings are joined, as in broadcasts.
  bool HasLeapingClock() const { return (format->iformat->flags & AVFMT_TS_DISCONT) != 0; }
  // Returns whether packets fill the file, so that nothing follows the last one.
  bool PacketsAdjoin() const;
  // Returns whether ListedFrames() counts exactly the frames to be shown.
  bool ListsWhatIsShown() const;
  // Returns how `frame` is turned. This holds for the following frames until one says otherwise.
  Orientation OrientationOfFrame(const AVFrame& frame);
  // Converts a time of the stream's clock to seconds from the file's start.
  double Seconds(int64_t stream_time) const;
  // Returns how many frames the container lists to be shown, or 0 if it lists none.
  int64_t ListedFrames() const;
  // Returns how many of the listed frames before `end_s` have bytes behind the file's first
  // `size_bytes`.
  int64_t ListedBehind(int64_t size_bytes, double end_s) const;
  // Returns when the last listed frame ends that is to be shown, in seconds, or 0 if unknown.
  double ListedEnd() const;
  // Returns when the video ends by the header, in seconds, or 0 if unknown. Most
  // headers state a duration of the whole file, which may be the sound's.
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
