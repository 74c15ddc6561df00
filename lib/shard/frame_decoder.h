// Stored JPEG frames to the pixels of one clip: decode, cut, resize, mirror.
//
// Exactly: full-quality decoding (exact inverse DCT, smooth chroma) by libjpeg, so that a clip
// equals what PIL makes of the same frames; rows and columns that the crop does not need are left
// out, which does not change the others. Or fast: by lib/jpeg's crop decoder, and exactly only
// where that one cannot. Trusts nothing: whatever libjpeg would only warn about is an error here.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "lib/data/crop_plan.h"

namespace reel3d {

// A view: whoever made it keeps the bytes.
struct FrameJpeg {
  int frame_index = 0;  // within its video; named in errors
  const uint8_t* data = nullptr;
  size_t size_bytes = 0;
};

// kFast is five times as fast, and 50 dB from kExact's pixels.
enum class Decoding { kFast, kExact };

// "fast" or "exact", else a usage error.
Decoding ParseDecoding(const std::string& name);

// One per thread; keeps its buffers from clip to clip.
class FrameDecoder {
 public:
  // Wider or higher frames are refused.
  static constexpr int kMaxSide = 8192;

  explicit FrameDecoder(Decoding decoding = Decoding::kExact);
  ~FrameDecoder();
  FrameDecoder(const FrameDecoder&) = delete;
  FrameDecoder& operator=(const FrameDecoder&) = delete;

  // What its header says. Throws an input error where that is not a baseline JPEG of usual size.
  FrameSize ReadSize(const FrameJpeg& frame);

  // Writes the clip [3][clip_length][S][S], red first, S = plan.size; frame t of it is
  // frames[t % frames.size()]: a looped clip hands over its distinct frames once. Throws an input
  // error that names the frame if one is damaged or not of the size that the plan was made for.
  void DecodeClip(const std::vector<FrameJpeg>& frames, int clip_length, const CropPlan& plan,
                  uint8_t* clip);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reel3d
