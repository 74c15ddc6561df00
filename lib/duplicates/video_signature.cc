// SPDX-License-Identifier: Apache-2.0
#include "lib/duplicates/video_signature.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace reel3d {
namespace {

constexpr size_t kMotionFrequencies = 8;
// Coefficients of a 64 x 64 picture are this many times the amplitude of their wave.
constexpr float kCoefficientScale = 32;

}  // namespace

int SampledFrame(int k, double fps) {
  return static_cast<int>(std::lround(k * std::max(1.0, fps / kPicturesPerSecond)));
}

uint64_t MirroredMotion(uint64_t motion) {
  return motion ^ 0x5555555555555555U;  // odd frequencies have even indices
}

void SignatureMaker::Add(const PdqPicture& picture) {
  if (!pictures_.empty()) {
    PictureSignature& before = pictures_.back();
    before.has_next = true;
    double change = 0;
    for (size_t part = 0; part < kNumParts; ++part) {
      for (size_t i = 0; i < kMotionFrequencies; ++i) {
        for (size_t j = 0; j < kMotionFrequencies; ++j) {
          const float rise = picture.spectra[part][i][j] - last_[part][i][j];
          before.motion[part] |= static_cast<uint64_t>(rise > 0) << (kMotionFrequencies * i + j);
          change += part == kWhole ? std::abs(rise) : 0;
        }
      }
    }
    before.change =
        static_cast<float>(change / (kMotionFrequencies * kMotionFrequencies)) / kCoefficientScale;
  }
  PictureSignature signature;
  for (size_t part = 0; part < kNumParts; ++part) {
    signature.parts[part] = HashOf(picture.spectra[part]);
  }
  signature.mirrored = HashOf(Mirrored(picture.spectra[kWhole]));
  signature.votes = picture.quality >= kPdqMinQuality;
  pictures_.push_back(signature);
  last_ = picture.spectra;
}

VideoSignature SignatureMaker::Take() { return std::exchange(pictures_, {}); }

}  // namespace reel3d
