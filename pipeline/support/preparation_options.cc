// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/preparation_options.h"

#include <fmt/format.h>

#include "lib/base/error.h"
#include "lib/video/video_decoder.h"

namespace reel3d {
namespace {

constexpr const char* kSourceRate = "source";
constexpr const char* kConstantRate = "constant";

}  // namespace

void PreparationOptions::Bind(OptionBinder& binder) {
  binder.Bind(
      "height", &height, IntRange{16, VideoDecoder::kMaxSide},
      "height in pixels, even; the width follows from the shape as shown. 240 takes 0.6 of the "
      "space of 360 and loads 1.5 times as fast, and still enlarges no crop of half the height");
  binder.Bind("short-side", &short_side, IntRange{0, VideoDecoder::kMaxSide},
              "shorter side in pixels, even, instead of --height; 0: off");
  binder.Bind(
      "quality", &quality, IntRange{1, 100},
      "quality of the JPEG frames: 90 takes about 30 kB per frame at height 360, 80 about 20 kB");
  binder.Bind(
      "fps", &fps,
      "frame rate of prepared videos. source: every frame at its own time. constant: if times "
      "vary, even times at the rate that the file states. A number such as 25 or 30000/1001: a "
      "clip's frames last equally long in all videos. Frames are repeated or dropped, never mixed");
  binder.Choice("interlaced", &interlaced, "how frames of two fields are shown");
}

void PreparationOptions::Check() const {
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

}  // namespace reel3d
