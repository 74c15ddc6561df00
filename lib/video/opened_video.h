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
  // Throws the errors of VideoDecoder's constructor.
  explicit OpenedVideo(const std::filesystem::path& file);

  // Goes to the last key frame before `time_s`. If the container has no index that can be trusted,
  // returns false and stays where it is.
  bool Seek(double time_s);
  // Returns the time of the last key frame before `time_s` that the index knows, by which Seek()
  // goes; minus infinity if it knows none. It is a time of decoding.
  double KeyFrameBefore(double time_s) const;
  // Returns whether the clock may start again where recordings are joined, as in broadcasts.
  bool HasLeapingClock() const { return (format->iformat->flags & AVFMT_TS_DISCONT) != 0; }
  // Returns whether packets fill the file, so that nothing follows the last one.
  bool PacketsAdjoin() const;
  // Returns whether ListedFrames() counts exactly the frames to be shown.
  bool ListsWhatIsShown() const;
  // Returns how `frame` is turned. A frame that states nothing is turned as the frame before.
  Orientation OrientationOfFrame(const AVFrame& frame);
  // Converts a time of the stream's clock to seconds from the file's start.
  double Seconds(int64_t stream_time) const;
  // Returns how many frames the container lists to be shown, or 0 if it lists none.
  int64_t ListedFrames() const;
  // Returns how many of the listed frames before `end_s` do not lie completely in the file's first
  // `size_bytes` bytes.
  int64_t ListedBehind(int64_t size_bytes, double end_s) const;
  // Returns the end time of the last listed frame that is to be shown, in seconds; 0 if unknown.
  double ListedEnd() const;
  // Returns the end time of the video that the header states, in seconds; 0 if unknown. Most
  // headers state a duration of the whole file, which may be the sound's.
  double StatedEnd() const;
  // Returns VideoInfo::length_s.
  double Length() const;

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

  Orientation container_orientation_, orientation_;  // orientation_ is that of the last frame
};

}  // namespace reel3d
