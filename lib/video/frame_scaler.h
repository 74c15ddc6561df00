// Converts decoded frames of any pixel format, size and orientation to upright pictures of one
// size, in full-range BT.601. Transparency is dropped; nothing is cropped.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lib/base/choices.h"
#include "lib/video/video_decoder.h"
#include "lib/video/yuv_image.h"

namespace reel3d {

struct ImageSize {
  int width = 0, height = 0;
};
// Return the size for a frame shown at `aspect` = width / height. The height (or the shorter side)
// is as given, the other side is rounded to an even number. Throw an input error on a shape so
// extreme that the other side is outside 2 .. VideoDecoder::kMaxSide.
ImageSize SizeForHeight(double aspect, int height);
ImageSize SizeForShortSide(double aspect, int short_side);

// Interlaced chooses how an interlaced frame is shown. Its even and its odd lines are two fields,
// taken at two times. kField: only the earlier field. kWeave: both fields, with combs at motion.
enum class Interlaced { kField, kWeave };
inline std::vector<NamedChoice<Interlaced>> ChoicesOf(Interlaced /*type*/) {
  return {{Interlaced::kField, "field", "the first field, from half the lines"},
          {Interlaced::kWeave, "weave", "both fields, with combs where something moves"}};
}

// Use it from one thread at a time. It keeps its tables and buffers from frame to frame.
class FrameScaler {
 public:
  // Pictures come out in `size`, in pixels; both numbers are even.
  explicit FrameScaler(const ImageSize& size, Interlaced interlaced = Interlaced::kField);
  ~FrameScaler();

  // The picture stays valid until the next call. Throws an input error on high dynamic range
  // (which needs tone mapping) and on colour codings other than YCbCr and RGB.
  const YuvImage& Scale(const VideoFrame& frame);
  // Returns a phrase about a colour matrix that the frames state but cannot have; empty if none.
  const std::string& note() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reel3d
