// Writes ordinary video files with any encoder of FFmpeg: the demo videos (H.264 in MP4), and in
// tests every kind of input that users may bring.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace reel3d {

struct VideoEncoderOptions {
  int width = 0, height = 0;  // pixels
  int fps_num = 25, fps_den = 1;
  bool variable_rate = false;  // true: the unit of time is a thousandth of a frame
  // These are FFmpeg's names.
  std::string container;          // empty: chosen by the file's suffix
  std::string container_options;  // name=value, joined by colons
  std::string codec = "libx264";
  std::string pixel_format = "yuv420p";
  std::string codec_options = "preset=veryfast:crf=18";  // name=value, joined by colons
  // Properties of the pictures that the file states. Empty: the file does not state it.
  std::string color_range, color_space, color_transfer;
  int pixel_aspect_num = 0, pixel_aspect_den = 1;  // width : height of one pixel; 0/1: not stated
  int rotation_degrees = 0;                        // clockwise turn that a player applies
};

// The same frames and options give the same bytes.
class VideoEncoder {
 public:
  // Throws a usage error on names that FFmpeg does not know, an environment error if the file
  // cannot be written.
  VideoEncoder(const std::filesystem::path& file, const VideoEncoderOptions& options);
  ~VideoEncoder();

  // Returns the size of a frame. The pixel format's planes follow each other without padding.
  size_t frame_size_bytes() const;
  // Writes a frame. Frames follow at the frame rate, unless `time_s` >= 0 gives this frame another
  // time, which must be later than the last one.
  void Write(const std::vector<uint8_t>& pixels, double time_s = -1);
  // The file is usable after this.
  void Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reel3d
