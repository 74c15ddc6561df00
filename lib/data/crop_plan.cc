// SPDX-License-Identifier: Apache-2.0
#include "lib/data/crop_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "lib/base/error.h"

namespace reel3d {
namespace {

// Rounds to the nearest whole number, halves to the even one, as Python's round() does.
int RoundHalfEven(double value) { return static_cast<int>(std::nearbyint(value)); }

// Returns the plan of a crop that shows the complete region.
CropPlan Region(FrameSize frame, int x, int y, int width, int height, int size) {
  return {frame, x, y, width, height, size, size, 0, 0, size, false};
}

CropPlan CenterSquare(const CropOptions& options, FrameSize frame, int side) {
  if (options.rounding == CropRounding::kRound2020) {
    return Region(frame, RoundHalfEven((frame.width - side) / 2.0),
                  RoundHalfEven((frame.height - side) / 2.0), side, side, options.size);
  }
  // The square is built from two whole halves around the middle, so an odd side loses a pixel.
  const int half = side / 2;
  return Region(frame, frame.width / 2 - half, frame.height / 2 - half, 2 * half, 2 * half,
                options.size);
}

CropPlan DrawCornerCrop(const CropOptions& options, FrameSize frame, Rng& rng) {
  const auto num_scales = static_cast<int64_t>(options.scales.size());
  const double scale = options.scales[static_cast<size_t>(rng.Below(num_scales))];
  const int side = static_cast<int>(std::min(frame.width, frame.height) * scale);
  if (side < 2) {
    throw InputError(fmt::format("frames of {}x{} pixels are too small for a crop of {} of them",
                                 frame.width, frame.height, scale));
  }
  enum Position { kCenter, kTopLeft, kTopRight, kBottomLeft, kBottomRight, kNumPositions };
  const int64_t position = rng.Below(kNumPositions);
  if (position == kCenter) {
    return CenterSquare(options, frame, side);
  }
  const bool right = position == kTopRight || position == kBottomRight;
  const bool bottom = position == kBottomLeft || position == kBottomRight;
  return Region(frame, right ? frame.width - side : 0, bottom ? frame.height - side : 0, side, side,
                options.size);
}

// Returns the largest centred rectangle with a width over height from min_aspect to its inverse.
CropPlan LargestRegion(const CropOptions& options, FrameSize frame) {
  const double aspect = static_cast<double>(frame.width) / frame.height;
  int width = frame.width;
  int height = frame.height;
  if (aspect < options.min_aspect) {
    height = std::max(1, RoundHalfEven(width / options.min_aspect));
  } else if (aspect > 1 / options.min_aspect) {
    width = std::max(1, RoundHalfEven(height / options.min_aspect));
  }
  return Region(frame, (frame.width - width) / 2, (frame.height - height) / 2, width, height,
                options.size);
}

// Does what torchvision's RandomResizedCrop does: draws the area uniformly, and the logarithm of
// width over height uniformly.
CropPlan DrawRandomCrop(const CropOptions& options, FrameSize frame, Rng& rng) {
  constexpr int kTries = 10;
  const double log_aspect = std::log(options.min_aspect);
  for (int attempt = 0; attempt < kTries; ++attempt) {
    const double frame_area = static_cast<double>(frame.width) * frame.height;
    const double area = frame_area * rng.Uniform(options.min_area, 1.0);
    const double aspect = std::exp(rng.Uniform(log_aspect, -log_aspect));
    const int width = RoundHalfEven(std::sqrt(area * aspect));
    const int height = RoundHalfEven(std::sqrt(area / aspect));
    if (0 < width && width <= frame.width && 0 < height && height <= frame.height) {
      const auto y = static_cast<int>(rng.Below(frame.height - height + 1));
      const auto x = static_cast<int>(rng.Below(frame.width - width + 1));
      return Region(frame, x, y, width, height, options.size);
    }
  }
  return LargestRegion(options, frame);
}

void CheckFrame(FrameSize frame) {
  if (frame.width < 1 || frame.height < 1) {
    throw InputError(
        fmt::format("frames of {}x{} pixels cannot be cropped", frame.width, frame.height));
  }
}

CropPlan DrawTrainCrop(const CropOptions& options, FrameSize frame, Rng& rng) {
  switch (options.crop) {
    case TrainCrop::kCorner:
      return DrawCornerCrop(options, frame, rng);
    case TrainCrop::kRandom:
      return DrawRandomCrop(options, frame, rng);
    case TrainCrop::kCenter:
      return CenterCrop(frame, options.size);
  }
  throw Error(ErrorKind::kInternal, "a crop is not known");
}

}  // namespace

void CropOptions::Bind(OptionBinder& binder) {
  binder.Choice("train-crop", &crop, "part of the frames that a training clip shows");
  binder.Bind("sample-size", &size, {8, 1024},
              "side of a clip, pixels; work and memory grow with its square");
  binder.Bind(
      "crop-scales", &scales,
      "sides of corner crops, as fractions of the frame's short side, each above 0 and at most "
      "1; all are equally likely");
  binder.Choice("crop-rounding", &rounding, "how a centre square with an odd side is cut");
  binder.Bind(
      "min-crop-area", &min_area, {0.01, 1},
      "smallest area of a crop with --train-crop random, as a fraction of the frame's area; a "
      "smaller value shows less of the scene");
  binder.Bind("min-crop-aspect", &min_aspect, {0.1, 1},
              "smallest width over height of a crop with --train-crop random; the largest is the "
              "inverse of this value");
  binder.Bind("flip-probability", &flip_probability, {0, 1},
              "chance that a training clip is mirrored; use 0 if left and right matter");
}

void CropOptions::Check() const {
  if (scales.empty()) {
    throw UsageError("the list of crop scales is empty");
  }
  for (const double scale : scales) {
    if (!(scale > 0 && scale <= 1)) {
      throw UsageError(fmt::format("crop scale {} is not above 0 and at most 1", scale));
    }
  }
}

CropPlan DrawCrop(const CropOptions& options, FrameSize frame, Rng& rng) {
  CheckFrame(frame);
  CropPlan plan = DrawTrainCrop(options, frame, rng);
  plan.flip = rng.Uniform() < options.flip_probability;
  return plan;
}

namespace {

// Resizes the complete frame, and keeps the square in the middle.
CropPlan CenterOfResized(FrameSize frame, int size, int resized_short_side) {
  CheckFrame(frame);
  const int64_t short_side = std::min(frame.width, frame.height);
  const auto scale = [&](int side) {
    return static_cast<int>(side * int64_t{resized_short_side} / short_side);
  };
  CropPlan plan;
  plan.frame = frame;
  plan.width = frame.width;
  plan.height = frame.height;
  plan.resized_width = scale(frame.width);
  plan.resized_height = scale(frame.height);
  plan.window_x = RoundHalfEven((plan.resized_width - size) / 2.0);
  plan.window_y = RoundHalfEven((plan.resized_height - size) / 2.0);
  plan.size = size;
  return plan;
}

CropPlan At(CropPlan plan, int window_x, int window_y) {
  plan.window_x = window_x;
  plan.window_y = window_y;
  return plan;
}

}  // namespace

CropPlan CenterCrop(FrameSize frame, int size) { return CenterOfResized(frame, size, size); }

int CropChoice::ShortSide(int size) const {
  if (short_side > 0) {
    return short_side;
  }
  return crops == ScoringCrop::kTen ? size * 8 / 7 : size;
}

int CropChoice::Count() const {
  switch (crops) {
    case ScoringCrop::kCenter:
    case ScoringCrop::kWhole:
      return 1;
    case ScoringCrop::kThree:
      return 3;
    case ScoringCrop::kTen:
      return 10;
  }
  throw Error(ErrorKind::kInternal, "a crop of scoring is not known");
}

void CropChoice::Check(int size) const {
  if (ShortSide(size) < size) {
    throw UsageError(
        fmt::format("--short-side {}: crops of {} x {} pixels need at least {}, or 0 for the usual",
                    short_side, size, size, size));
  }
}

std::vector<CropPlan> ScoringCrops(FrameSize frame, int size, const CropChoice& choice) {
  REEL3D_CHECK(choice.crops != ScoringCrop::kWhole);
  const CropPlan center = CenterOfResized(frame, size, choice.ShortSide(size));
  const int right = center.resized_width - size;
  const int bottom = center.resized_height - size;
  std::vector<CropPlan> crops = {center};
  if (choice.crops == ScoringCrop::kThree) {
    const bool is_wide = frame.width >= frame.height;
    crops.push_back(is_wide ? At(center, 0, center.window_y) : At(center, center.window_x, 0));
    crops.push_back(is_wide ? At(center, right, center.window_y)
                            : At(center, center.window_x, bottom));
  } else if (choice.crops == ScoringCrop::kTen) {
    for (const auto& [x, y] :
         {std::pair<int, int>{0, 0}, {right, 0}, {0, bottom}, {right, bottom}}) {
      crops.push_back(At(center, x, y));
    }
    for (size_t number = 0; number < 5; ++number) {
      crops.push_back(crops[number]);
      crops.back().flip = true;
    }
  }
  return crops;
}

FrameSize WholeFrameSize(FrameSize frame, int short_side) {
  CheckFrame(frame);
  const int64_t most = int64_t{kMaxWholeFrameAspect} * std::min(frame.width, frame.height);
  if (std::max(frame.width, frame.height) > most) {
    throw InputError(fmt::format(
        "frames of {}x{} pixels cannot be scored as a whole: their long side is more than {} times "
        "the short side",
        frame.width, frame.height, kMaxWholeFrameAspect));
  }
  const CropPlan plan = CenterOfResized(frame, short_side, short_side);
  return {plan.resized_width, plan.resized_height};
}

std::vector<CropPlan> WholeFrameTiles(FrameSize frame, int short_side) {
  const FrameSize resized = WholeFrameSize(frame, short_side);
  const CropPlan center = CenterOfResized(frame, short_side, short_side);
  const bool is_wide = resized.width >= resized.height;
  const int last = std::max(resized.width, resized.height) - short_side;
  std::vector<CropPlan> tiles;
  for (int begin = 0; begin < last; begin += short_side) {
    tiles.push_back(is_wide ? At(center, begin, 0) : At(center, 0, begin));
  }
  tiles.push_back(is_wide ? At(center, last, 0) : At(center, 0, last));
  return tiles;
}

}  // namespace reel3d
