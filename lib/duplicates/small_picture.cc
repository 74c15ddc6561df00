// SPDX-License-Identifier: Apache-2.0
#include "lib/duplicates/small_picture.h"

namespace reel3d {
namespace {

constexpr size_t kNumPixels = size_t{kPdqSide} * kPdqSide;

CropPlan WholeFrame(const FrameSize& frame) {
  CropPlan plan;
  plan.frame = frame;
  plan.width = frame.width;
  plan.height = frame.height;
  plan.resized_width = plan.resized_height = plan.size = kPdqSide;
  return plan;
}

}  // namespace

const SmallPictureDecoder::Luma& SmallPictureDecoder::Decode(const FrameJpeg& frame) {
  // Frames of a video have one size: the header is read again only if decoding with the last size
  // fails.
  if (!decoder_.Decode(frame.data, frame.size_bytes, plan_, rgb_.data(), kNumPixels)) {
    plan_ = WholeFrame(exact_.ReadSize(frame));
    if (!decoder_.Decode(frame.data, frame.size_bytes, plan_, rgb_.data(), kNumPixels)) {
      exact_.DecodeClip({frame}, 1, plan_, rgb_.data());
    }
  }
  for (size_t i = 0; i < kNumPixels; ++i) {
    luma_[i] = 0.299F * static_cast<float>(rgb_[i]) +
               0.587F * static_cast<float>(rgb_[kNumPixels + i]) +
               0.114F * static_cast<float>(rgb_[2 * kNumPixels + i]);
  }
  return luma_;
}

}  // namespace reel3d
