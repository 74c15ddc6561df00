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

using Rises = std::array<float, kMotionFrequencies * kMotionFrequencies>;

Rises RisesTo(const PdqSpectrum& next, const PdqSpectrum& spectrum) {
  Rises rises;
  for (size_t bit = 0; bit < rises.size(); ++bit) {
    const size_t i = bit / kMotionFrequencies;
    const size_t j = bit % kMotionFrequencies;
    rises[bit] = next[i][j] - spectrum[i][j];
  }
  return rises;
}

PictureSignature::Motion MotionOf(const Rises& rises) {
  Rises sizes;
  std::transform(rises.begin(), rises.end(), sizes.begin(),
                 [](float rise) { return std::abs(rise); });
  Rises sorted = sizes;
  const auto median = sorted.begin() + sorted.size() / 2;
  std::nth_element(sorted.begin(), median, sorted.end());
  PictureSignature::Motion motion;
  for (size_t bit = 0; bit < rises.size(); ++bit) {
    motion.rises |= static_cast<uint64_t>(rises[bit] > 0) << bit;
    motion.strong |= static_cast<uint64_t>(sizes[bit] >= *median) << bit;
  }
  return motion;
}

float MeanChange(const Rises& rises) {
  float sum = 0;
  for (const float rise : rises) {
    sum += std::abs(rise);
  }
  return sum / static_cast<float>(rises.size()) / kCoefficientScale;
}

}  // namespace

int SampledFrame(int k, double fps) {
  return static_cast<int>(std::lround(k * std::max(1.0, fps / kPicturesPerSecond)));
}

std::vector<int> SampledFramesOf(int num_frames, double fps) {
  const double rate = fps > 0 ? fps : kUnknownFps;
  std::vector<int> frames;
  for (int k = 0; SampledFrame(k, rate) < num_frames; ++k) {
    frames.push_back(SampledFrame(k, rate));
  }
  return frames;
}

uint64_t MirroredRises(uint64_t rises) {
  return rises ^ 0x5555555555555555U;  // odd frequencies have even indices
}

void SignatureMaker::Add(const PdqPicture& picture) {
  if (!pictures_.empty()) {
    PictureSignature& before = pictures_.back();
    before.has_next = true;
    for (size_t part = 0; part < kNumParts; ++part) {
      const Rises rises = RisesTo(picture.spectra[part], last_[part]);
      before.motion[part] = MotionOf(rises);
      before.change = part == kWhole ? MeanChange(rises) : before.change;
    }
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
