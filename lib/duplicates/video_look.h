// Measures how bright a video is and how much changes in it, from its sampled pictures
// (SampledFrame of lib/duplicates/video_signature.h). Pure arithmetic.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "lib/duplicates/small_picture.h"

namespace reel3d {

struct VideoLook {
  // Mean luma of all pictures in grey levels: 0 is black, 255 is white. Unset: no pictures.
  std::optional<double> brightness;
  // Mean absolute difference of a luma sample from one picture to the next, in grey levels.
  // Movements of the camera, cuts and changes of the light count as well. Unset: fewer than two
  // pictures.
  std::optional<double> motion;
};

// Takes the pictures of one video, in order.
class LookMeter {
 public:
  using Luma = SmallPictureDecoder::Luma;

  void Add(const Luma& picture);
  VideoLook look() const;

 private:
  Luma last_{};
  int64_t num_pictures_ = 0;
  double luma_sum_ = 0, change_sum_ = 0;  // of pictures' means
};

}  // namespace reel3d
