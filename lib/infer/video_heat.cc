// SPDX-License-Identifier: Apache-2.0
#include "lib/infer/video_heat.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "lib/base/error.h"

namespace reel3d {
namespace {

// Turns `values`, which are not negative, into shares of the highest one.
void ToSharesOfHighest(at::Tensor* values) {
  const auto highest = values->max().item<float>();
  if (!std::isfinite(highest)) {
    throw InputError(
        "the heat of --explain is not finite: the model diverged or its weights are damaged");
  }
  if (highest > 0) {
    values->div_(highest);
  }
}

}  // namespace

VideoHeat::VideoHeat(int num_frames, int stride, int64_t most_bytes, PlaceRule rule)
    : num_frames_(num_frames), stride_(stride), most_bytes_(most_bytes), rule_(rule) {}

void VideoHeat::MakeRoom(int64_t height, int64_t width) {
  const int64_t bytes = num_frames_ * height * width * static_cast<int64_t>(sizeof(float));
  if (bytes > most_bytes_) {
    throw InputError(
        fmt::format("--explain keeps {} x {} places of each of {} frames, which would take {} MB "
                    "of memory, and at most {} MB may be used: take a smaller --explain-finer, or "
                    "a part of the video",
                    height, width, num_frames_, bytes / 1'000'000, most_bytes_ / 1'000'000));
  }
  sums_ = at::zeros({num_frames_, height, width}, at::kFloat);
  counts_ = at::zeros({num_frames_, 1, 1}, at::kFloat);
}

void VideoHeat::Add(const Clip& window, const at::Tensor& map) {
  if (!sums_.defined()) {
    MakeRoom(map.size(1), map.size(2));
  }
  const auto length = static_cast<int64_t>(window.frames.size());
  const at::Tensor by_frame = EnlargeAxis(map.to(at::kCPU, at::kFloat), 0, length, rule_, length);
  for (int place = 0; place < window.num_distinct; ++place) {
    const int first = window.frames[static_cast<size_t>(place)];
    const int end = std::min(first + stride_, num_frames_);
    sums_.slice(0, first, end).add_(by_frame[place]);
    counts_.slice(0, first, end).add_(1);
  }
}

at::Tensor VideoHeat::TakeHeat() {
  REEL3D_CHECK(sums_.defined());
  // The heat of a long video is large: everything happens in its place.
  at::Tensor heat = std::move(sums_);
  heat.div_(counts_.clamp_min_(1)).clamp_min_(0);
  ToSharesOfHighest(&heat);
  return heat;
}

std::vector<float> VideoHeat::OverTime(const at::Tensor& heat) {
  at::Tensor means = heat.mean({1, 2});
  ToSharesOfHighest(&means);
  const auto* values = means.const_data_ptr<float>();
  return {values, values + means.numel()};
}

}  // namespace reel3d
