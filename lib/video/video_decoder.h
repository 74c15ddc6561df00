// Decodes any video file that users have, or a range of seconds of it, frame by frame.
//
// Files come from outside and are hostile until checked. Only regular files are opened, never the
// files that they refer to, and only video containers, never playlists. No picture with a side
// above kMaxSide is returned; streams that appear late may be probed at any size, so workers of
// prep-videos have a limit on memory, too. Frames keep their own pixel format and size:
// frame_scaler.h turns them into pictures of one kind.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

struct AVFrame;

namespace reel3d {

// Orientation holds the steps that make a stored picture upright: first rows and columns change
// places (transpose), then the picture is mirrored.
struct Orientation {
  bool transpose = false, flip_x = false, flip_y = false;
};

// VideoFrame holds one decoded picture. It is reused from call to call, and so is its memory.
class VideoFrame {
 public:
  VideoFrame();
  ~VideoFrame();

  double time_s = 0;  // when it is shown, from the start of the file; see lib/video/frame_clock.h
  double aspect = 1;  // width / height as shown: pixel aspect and orientation applied
  Orientation orientation;
  AVFrame* get() const { return frame_.get(); }  // for lib/video alone

 private:
  struct Free {
    void operator()(AVFrame* frame) const;
  };
  std::unique_ptr<AVFrame, Free> frame_;
};

struct VideoInfo {
  std::string container, codec;  // FFmpeg's names
  int width = 0, height = 0;     // pixels as stored
  int fps_num = 0, fps_den = 1;  // average; 0/1: unknown
  int64_t num_frames = 0;        // as the container states; 0: unknown
  // Seconds from the first frame to the end, by the header or by the first and last time stamps; 0:
  // unknown. AVI, Matroska, WebM and broadcasts state it, but no number of frames.
  double length_s = 0;

  // Returns how many seconds a frame is shown on average. If that is unknown, PAL's 0.04 is
  // assumed.
  double FrameStep() const { return fps_num > 0 ? double(fps_den) / fps_num : 0.04; }
};

// VideoPart is the part [begin_s, end_s) of a file, by the times at which frames are shown. A part
// that begins at 0 begins with the first frame, whatever its time.
struct VideoPart {
  double begin_s = 0;
  double end_s = std::numeric_limits<double>::infinity();
};

// The summary of a part is complete when Next() has returned false or the part is over.
struct DecodeSummary {
  int64_t num_frames = 0;       // returned by Next()
  int64_t expected_frames = 0;  // num_frames plus the frames missing at the end, estimated
  std::string problem;          // complaint of the demuxer or decoder; empty: none
  // Each note is a phrase that a user should read: a clock that starts again, a size that changes,
  // an end that may be missing.
  std::vector<std::string> notes;

  // True: the end is missing, which means frames that the container states or lists, or bytes that
  // it states. Frames missing at the beginning (a cut within a group of pictures) and bad frames in
  // between do not count. Streams that state no length are never truncated; if they end within a
  // packet, or are raw, a note says so.
  bool truncated = false;
};

class VideoDecoder {
 public:
  static constexpr int kMaxSide = 8192;  // pixels
  // A file may claim at most this many frames: 4.6 days at 25 per second.
  static constexpr int64_t kMaxFrames = 10'000'000;

  // Throws an input error if there is no such file, it holds no video, or its kind is refused.
  explicit VideoDecoder(const std::filesystem::path& file, const VideoPart& part = {});
  // Decodes one or more parts in one pass. They may overlap and stand in any order. Time between
  // them is passed over where the container has an index that can be trusted.
  VideoDecoder(const std::filesystem::path& file, const std::vector<VideoPart>& parts);
  ~VideoDecoder();

  const VideoInfo& info() const;
  // Decodes the next frame in order of presentation, and returns false after the last. Damaged
  // packets are skipped and noted. Throws an input error if there was no frame at all; with several
  // parts it does not, and WhyEmpty() says why a part has no frame.
  bool Next(VideoFrame* frame);
  // Makes Next() call `tell` for each decoded frame, including the frames before the part.
  void OnDecoded(std::function<void()> tell);
  // Returns whether the last frame is in the part. Parts are numbered from 0 as they were given.
  bool IsIn(size_t part) const;
  // Returns whether the part has all its frames, so that its summary is complete.
  bool IsOver(size_t part) const;
  const DecodeSummary& summary(size_t part = 0) const;
  std::string WhyEmpty(size_t part) const;

 private:
  struct State;
  void RestartWithoutSeeking();

  bool throws_if_empty_ = false;
  std::unique_ptr<State> state_;
  std::function<void()> on_decoded_;
};

}  // namespace reel3d
