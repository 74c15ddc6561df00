// SPDX-License-Identifier: Apache-2.0
#include "lib/duplicates/video_look.h"

#include <cmath>

namespace reel3d {

void LookMeter::Add(const Luma& picture) {
  double luma = 0, change = 0;
  for (size_t i = 0; i < picture.size(); ++i) {
    luma += picture[i];
    change += std::abs(picture[i] - last_[i]);
  }
  const auto num_samples = static_cast<double>(picture.size());
  luma_sum_ += luma / num_samples;
  change_sum_ += num_pictures_ == 0 ? 0 : change / num_samples;
  last_ = picture;
  ++num_pictures_;
}

VideoLook LookMeter::look() const {
  VideoLook look;
  if (num_pictures_ > 0) {
    look.brightness = luma_sum_ / static_cast<double>(num_pictures_);
  }
  if (num_pictures_ > 1) {
    look.motion = change_sum_ / static_cast<double>(num_pictures_ - 1);
  }
  return look;
}

}  // namespace reel3d
