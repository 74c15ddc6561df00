// Turns stored JPEG frames into the pixels of one clip: decode, crop, resize, mirror.
//
// kExact decodes at full quality with libjpeg (exact inverse DCT, smooth chroma), so that a clip
// equals what PIL makes of the same frames. Rows and columns that the crop does not need are
// skipped. kFast uses crop_decoder.h, and falls back to kExact for frames that the crop decoder
// refuses. The input is not trusted: a mere warning of libjpeg is an error here.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "lib/base/choices.h"
#include "lib/data/crop_plan.h"

namespace reel3d {

// A view of one frame's JPEG; the caller keeps the bytes alive.
struct FrameJpeg {
  int frame_index = 0;  // within its video; named in errors
  const uint8_t* data = nullptr;
  size_t size_bytes = 0;
};

// The two ways of decoding frames to pixels.
enum class Decoding { kFast, kExact };
inline std::vector<NamedChoice<Decoding>> ChoicesOf(Decoding /*type*/) {
  return {{Decoding::kFast, "fast",
           "only the frequencies that the crop needs, PSNR 50 dB against PIL's pixels"},
          {Decoding::kExact, "exact",
           "PIL's pixels to the last bit, at a fifth to a third of the speed"}};
}

// Use one decoder per thread; it keeps its buffers from clip to clip.
class FrameDecoder {
 public:
  // Frames wider or higher than this are refused.
  static constexpr int kMaxSide = 8192;

  explicit FrameDecoder(Decoding decoding = Decoding::kExact);
  ~FrameDecoder();
  FrameDecoder(const FrameDecoder&) = delete;
  FrameDecoder& operator=(const FrameDecoder&) = delete;

  // Returns the size in the frame's header. Throws an input error if the frame is not a baseline
  // JPEG, or a side is above kMaxSide.
  FrameSize ReadSize(const FrameJpeg& frame);

  // Writes the clip [3][clip_length][S][S], red first, S = plan.size. Frame t of the clip is
  // frames[t % frames.size()], so the caller passes the distinct frames of a looped clip once.
  // Throws an input error that names the frame if one is damaged or does not have the size of
  // plan.frame.
  void DecodeClip(const std::vector<FrameJpeg>& frames, int clip_length, const CropPlan& plan,
                  uint8_t* clip);
  // Does the same for several crops of the clip, clips[i] for plans[i]. Frames are decoded once if
  // the plans are windows of the same resized region (ScoringCrops). Each clip has the bytes that
  // DecodeClip() gives.
  void DecodeCrops(const std::vector<FrameJpeg>& frames, int clip_length,
                   const std::vector<CropPlan>& plans, const std::vector<uint8_t*>& clips);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reel3d
