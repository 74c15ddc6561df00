// A video's signature is all that find-duplicates keeps of a video: hashes of two pictures a
// second, and how each picture changes to the next.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "lib/duplicates/pdq_hash.h"
#include "lib/duplicates/pdq_hasher.h"

namespace reel3d {

constexpr double kPicturesPerSecond = 2;
constexpr double kUnknownFps = 25;  // stands for the frame rate of a video that states none

// Returns the frame of picture `k`: the one nearest to k / kPicturesPerSecond seconds. If a video
// has fewer frames a second than kPicturesPerSecond, each frame is a picture.
int SampledFrame(int k, double fps);
// Returns the frames of all pictures of a video, in order. An `fps` of 0 is unknown.
std::vector<int> SampledFramesOf(int num_frames, double fps);

struct PictureSignature {
  std::array<PdqHash, kNumParts> parts;  // by Part
  PdqHash mirrored;                      // of the whole, left and right exchanged
  // Describes the 8 x 8 lowest frequencies. Bit 8 * i + j of `rises` is set if frequency (i, j)
  // rises to the next picture. The same bit of `strong` is set if the change is at least the median
  // change. Parts of a picture that stand still change no frequency, so the bits distinguish two
  // films of one room.
  struct Motion {
    uint64_t rises = 0, strong = 0;
  };
  std::array<Motion, kNumParts> motion;
  float change = 0;       // mean change of these frequencies to the next picture, in grey levels
  bool has_next = false;  // false: the last picture, which has no motion
  bool votes = false;     // the quality of the picture is at least kPdqMinQuality
};

using VideoSignature = std::vector<PictureSignature>;

// Returns the rises of the mirrored video.
uint64_t MirroredRises(uint64_t rises);

// Collects the signature of one video from its sampled pictures, in order.
class SignatureMaker {
 public:
  void Add(const PdqPicture& picture);
  // Returns the signature and begins the next video.
  VideoSignature Take();

 private:
  VideoSignature pictures_;
  std::array<PdqSpectrum, kNumParts> last_{};
};

}  // namespace reel3d
