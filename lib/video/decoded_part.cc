// SPDX-License-Identifier: Apache-2.0
#include "lib/video/decoded_part.h"

#include <fmt/format.h>

#include "lib/video/ffmpeg_handle.h"

namespace reel3d {

bool DecodedPart::Takes(double time_s) {
  is_over_ = is_over_ || time_s >= part_.end_s - kSlack_s;
  took_last_ = !is_over_ && (part_.begin_s <= 0 || time_s >= part_.begin_s - kSlack_s);
  return took_last_;
}

void DecodedPart::Add(const VideoFrame& frame, const std::string& trouble) {
  Complain(trouble);
  NoteShape(frame);
  summary_.expected_frames = ++summary_.num_frames;
}

void DecodedPart::Complain(const std::string& trouble) {
  if (summary_.problem.empty()) {
    summary_.problem = trouble;
  }
}

// Every frame gets the first one's size, so frames of another shape are distorted.
void DecodedPart::NoteShape(const VideoFrame& frame) {
  const AVFrame& decoded = *frame.get();
  const Orientation& turn = frame.orientation;
  const std::array<int, 5> shape{decoded.width, decoded.height, turn.transpose, turn.flip_x,
                                 turn.flip_y};
  if (shape != last_shape_) {
    if (++num_shapes_ == 2) {
      const bool resized = shape[0] != last_shape_[0] || shape[1] != last_shape_[1];
      summary_.notes.push_back(
          resized
              ? fmt::format("its pictures change from {}x{} to {}x{} pixels at {:.2f} s",
                            last_shape_[0], last_shape_[1], shape[0], shape[1], frame.time_s)
              : fmt::format("its pictures are turned another way from {:.2f} s on", frame.time_s));
    }
    last_shape_ = shape;
  }
}

}  // namespace reel3d
