// Decodes a stored JPEG frame to the 64 x 64 luma samples that its hashes need, without decoding
// all of it: the crop decoder stops at the low frequencies that so small a picture shows.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "lib/duplicates/pdq_hasher.h"
#include "lib/frames/crop_decoder.h"
#include "lib/frames/frame_decoder.h"

namespace reel3d {

// Keeps its buffers. Use one decoder per thread.
class SmallPictureDecoder {
 public:
  using Luma = std::array<float, size_t{kPdqSide} * kPdqSide>;  // row by row, 0 .. 255

  // The whole frame, whatever its shape, becomes a square, as PDQ's shrinking does it. A frame that
  // the crop decoder refuses is decoded completely. Throws an input error that names the frame if
  // it is damaged.
  const Luma& Decode(const FrameJpeg& frame);

 private:
  jpeg::CropDecoder decoder_{jpeg::CropDecoderOptions{1.0}};
  FrameDecoder exact_{Decoding::kExact};
  std::vector<uint8_t> rgb_ = std::vector<uint8_t>(size_t{3} * kPdqSide * kPdqSide);
  CropPlan plan_;  // for frames of the last frame's size
  Luma luma_{};
};

}  // namespace reel3d
