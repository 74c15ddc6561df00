// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/preparation_options.h"

#include <fmt/format.h>

#include <numeric>
#include <string>

#include "lib/base/error.h"
#include "lib/video/video_decoder.h"

namespace reel3d {
namespace {

constexpr const char* kSourceRate = "source";
constexpr int kLeastHeight = 16;  // pixels
constexpr const char* kConstantRate = "constant";

// Returns the shortest text of a rate.
std::string RateText(const FrameRate& rate) {
  const int common = std::gcd(rate.num, rate.den);
  return rate.den == common ? std::to_string(rate.num / common)
                            : fmt::format("{}/{}", rate.num / common, rate.den / common);
}

}  // namespace

PreparationOptions PreparationOptions::LikeTraining() {
  PreparationOptions options;
  options.height = 0;
  options.may_follow_training = true;
  return options;
}

void PreparationOptions::Bind(OptionBinder& binder, const char* short_side_name) {
  const int least = may_follow_training ? 0 : kLeastHeight;
  binder.Bind(
      "height", &height, IntRange{least, VideoDecoder::kMaxSide},
      may_follow_training
          ? "height of the prepared frames in pixels, even. 0: prepare them like those of "
            "the training, also in the other options with default values"
          : "height of the prepared frames in pixels, even; the width follows from the "
            "displayed aspect ratio. For clips of up to 120 pixels take 240, unless results are "
            "compared with the paper's: it takes 0.6 of the space of 360, loads 1.5 times as "
            "fast, and cost no accuracy where that was measured");
  binder.Bind(
      short_side_name, &short_side, IntRange{0, VideoDecoder::kMaxSide},
      "shorter side of the prepared frames in pixels, even, in place of --height. 0: use --height");
  binder.Bind(
      "quality", &quality, IntRange{1, 100},
      "quality of the JPEG frames: 90 takes about 30 kB per frame at height 360, 80 about 20 kB");
  binder.Bind("fps", &fps,
              "frame rate of prepared videos. source: each frame keeps its own time. constant: "
              "equal times at the rate that the file states. A number such as 25 or 30000/1001: "
              "this rate for all videos, so that clips of all videos last equally long. Frames are "
              "repeated or dropped, never blended");
  binder.Choice("interlaced", &interlaced, "how frames of two fields are shown");
}

void PreparationOptions::Check() const {
  if (height != 0 && height < kLeastHeight) {
    throw UsageError(fmt::format("--height {}: must be at least {}", height, kLeastHeight));
  }
  if (height % 2 != 0 || short_side % 2 != 0) {
    throw UsageError("--height and --short-side must be even: chroma has half the resolution");
  }
  if (fps != kSourceRate && fps != kConstantRate && ParseFrameRate(fps).num == 0) {
    throw UsageError(
        fmt::format("--fps {}: {}, {}, or a rate from 0.01 to 500 such as 25 or "
                    "30000/1001",
                    fps, kSourceRate, kConstantRate));
  }
}

PrepareRequest PreparationOptions::Request() const {
  PrepareRequest request;
  request.height = height;
  request.short_side = short_side;
  request.quality = quality;
  request.even_rate = fps != kSourceRate;
  request.rate = ParseFrameRate(fps);
  request.interlaced = interlaced;
  return request;
}

FrameFacts PreparationOptions::Facts() const {
  const FrameRate rate = ParseFrameRate(fps);
  return {short_side > 0 ? 0 : height, short_side, quality, rate.num > 0 ? RateText(rate) : fps,
          NameOf(interlaced)};
}

}  // namespace reel3d
