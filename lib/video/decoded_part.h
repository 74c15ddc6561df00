// Private to lib/video: one of the parts of a video that a decoder decodes together. It knows which
// frames are in the part, and collects its summary.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>

#include "lib/video/video_decoder.h"

namespace reel3d {

class DecodedPart {
 public:
  // Times in files are rounded to their own units.
  static constexpr double kSlack_s = 1e-6;

  explicit DecodedPart(const VideoPart& part) : part_(part) {}

  const VideoPart& part() const { return part_; }
  // Returns whether the part waits for its first frame, has frames and waits for more, or is over.
  bool is_waiting() const { return !is_over_ && summary_.num_frames == 0; }
  bool is_open() const { return !is_over_ && summary_.num_frames > 0; }
  bool is_over() const { return is_over_; }
  // Returns whether the frame at this time is in the part. The first frame behind it ends it.
  bool Takes(double time_s);
  bool took_last() const { return took_last_; }  // what Takes() has returned
  // Counts a frame that Takes() has accepted. `trouble` is what may have damaged it.
  void Add(const VideoFrame& frame, const std::string& trouble);
  // Notes a complaint of the demuxer or decoder; the first is kept.
  void Complain(const std::string& trouble);
  // Ends the part before its end, because the video has no more frames.
  void End() { is_over_ = true; }

  const DecodeSummary& summary() const { return summary_; }
  DecodeSummary* mutable_summary() { return &summary_; }

 private:
  void NoteShape(const VideoFrame& frame);

  VideoPart part_;
  bool is_over_ = false, took_last_ = false;
  // The shape is that of the frame before: width and height as stored, and how it is turned.
  std::array<int, 5> last_shape_{};
  int num_shapes_ = 0;
  DecodeSummary summary_;
};

}  // namespace reel3d
