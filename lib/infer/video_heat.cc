// SPDX-License-Identifier: Apache-2.0
#include "lib/infer/video_heat.h"

#include <algorithm>

#include "lib/base/error.h"
#include "lib/infer/class_maps.h"

namespace reel3d {
namespace {

// Returns `values`, which are not negative, as shares of the highest one.
at::Tensor SharesOfHighest(const at::Tensor& values) {
  const auto highest = values.max().item<float>();
  return highest > 0 ? values / highest : values;
}

}  // namespace

VideoHeat::VideoHeat(int num_frames, int stride) : num_frames_(num_frames), stride_(stride) {}

void VideoHeat::Add(const Clip& window, const at::Tensor& map) {
  const at::Tensor by_frame =
      EnlargeMaps(map.to(at::kCPU, at::kFloat).unsqueeze(0),
                  static_cast<int64_t>(window.frames.size()), map.size(1), map.size(2))
          .squeeze(0);
  if (!sums_.defined()) {
    sums_ = at::zeros({num_frames_, map.size(1), map.size(2)}, at::kFloat);
    counts_ = at::zeros({num_frames_, 1, 1}, at::kFloat);
  }
  for (int place = 0; place < window.num_distinct; ++place) {
    const int first = window.frames[static_cast<size_t>(place)];
    const int end = std::min(first + stride_, num_frames_);
    sums_.slice(0, first, end).add_(by_frame[place]);
    counts_.slice(0, first, end).add_(1);
  }
}

at::Tensor VideoHeat::Heat() const {
  REEL3D_CHECK(sums_.defined());
  return SharesOfHighest((sums_ / counts_.clamp_min(1)).clamp_min(0));
}

std::vector<float> VideoHeat::OverTime(const at::Tensor& heat) {
  const at::Tensor means = SharesOfHighest(heat.mean({1, 2})).contiguous();
  const auto* values = means.const_data_ptr<float>();
  return {values, values + means.numel()};
}

}  // namespace reel3d
