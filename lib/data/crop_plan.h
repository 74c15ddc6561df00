// Chooses the square of a video's frames that a clip shows, and how it becomes size x size pixels.
// A plan is drawn once per clip and used for all its frames. Pure arithmetic;
// lib/frames/frame_decoder carries it out.
// Rules with their sources: docs/reference/clips.md.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lib/base/option_binder.h"
#include "lib/base/rng.h"

namespace reel3d {

struct FrameSize {
  int width = 0, height = 0;  // pixels
  bool operator==(const FrameSize& other) const {
    return width == other.width && height == other.height;
  }
  bool operator!=(const FrameSize& other) const { return !(*this == other); }
};

// The steps of a crop: cut the region out of the frame, resize it to resized_width x
// resized_height, keep the window of size x size pixels, mirror it. The resize filter sees no pixel
// outside the region. In training the region is the crop and the window is all of it. In validation
// and scoring the region is the complete frame and the window is its centre. All numbers are whole
// pixels, so the plan is exact.
struct CropPlan {
  FrameSize frame;                            // size of the frames that the plan is for
  int x = 0, y = 0, width = 0, height = 0;    // region, in frame pixels
  int resized_width = 0, resized_height = 0;  // of the resized region
  int window_x = 0, window_y = 0;             // window, in pixels of the resized region
  int size = 0;                               // side of the window: S of the clip
  bool flip = false;                          // exchange left and right, as the last step
};

// Says which part of the frames a training clip shows.
enum class TrainCrop { kCorner, kRandom, kCenter };
inline std::vector<NamedChoice<TrainCrop>> ChoicesOf(TrainCrop /*type*/) {
  return {{TrainCrop::kCorner, "corner", "a square at the centre or a corner (the paper)"},
          {TrainCrop::kRandom, "random", "any rectangle"},
          {TrainCrop::kCenter, "center", "the centre square, as in scoring"}};
}

// Says how a centre square of an odd side is cut.
enum class CropRounding { kHalves2018, kRound2020 };
inline std::vector<NamedChoice<CropRounding>> ChoicesOf(CropRounding /*type*/) {
  return {
      {CropRounding::kHalves2018, "halves2018", "one pixel smaller, as in the 2017 and 2018 code"},
      {CropRounding::kRound2020, "round2020", "at its full size"}};
}

struct CropOptions {
  TrainCrop crop = TrainCrop::kCorner;
  int size = 112;  // S, pixels
  // corner: a square at the centre or one of the 4 corners. Its side is the short side times one of
  // these: 2^0, 2^-1/4, 2^-1/2, 2^-3/4, 2^-1.
  std::vector<double> scales = {1.0, 0.8408964152537145, 0.7071067811865476, 0.5946035575013605,
                                0.5};
  CropRounding rounding = CropRounding::kHalves2018;
  // random: any rectangle with at least min_area of the frame's area, and a width over height from
  // min_aspect to its inverse.
  double min_area = 0.25;
  double min_aspect = 0.75;
  double flip_probability = 0.5;

  void Bind(OptionBinder& binder);
  void Check() const;
};

// Draws a training clip's crop. Throws an input error if the frames are too small to cut.
CropPlan DrawCrop(const CropOptions& options, FrameSize frame, Rng& rng);

// Returns the crop of validation and scoring: short side to `size`, centre crop, no flip.
CropPlan CenterCrop(FrameSize frame, int size);

// Says what scoring shows of the frames of each window of a video.
enum class ScoringCrop { kCenter, kThree, kTen, kWhole };
inline std::vector<NamedChoice<ScoringCrop>> ChoicesOf(ScoringCrop /*type*/) {
  return {{ScoringCrop::kCenter, "1", "the square at the centre"},
          {ScoringCrop::kThree, "3", "the squares at the centre and at both ends of the long side"},
          {ScoringCrop::kTen, "10",
           "the squares at the centre and in the four corners, each also mirrored"},
          {ScoringCrop::kWhole, "whole",
           "the complete frames in their own shape (fully convolutional), for networks that take "
           "frames of any size"}};
}

struct CropChoice {
  ScoringCrop crops = ScoringCrop::kCenter;
  int short_side = 0;  // of the resized frame, pixels; 0: ShortSide() decides

  // Returns the number of clips that are scored of each window.
  int Count() const;
  // Returns the short side of the resized frame for crops of `size` pixels. The default is `size`.
  // For ten crops it is 8/7 of `size`, because corners would otherwise coincide.
  int ShortSide(int size) const;
  // Throws a usage error if the short side is below `size`.
  void Check(int size) const;
};

// Returns the squares in the order of their numbers. The frame is resized so that its short side
// has ShortSide() pixels, and each crop is a square of it. Number 0 is always the centre.
//    3: centre, left (or top), right (or bottom)
//   10: centre, top left, top right, bottom left, bottom right, then the same five mirrored
// ScoringCrop::kWhole is not allowed here, because it has no squares.
std::vector<CropPlan> ScoringCrops(FrameSize frame, int size, const CropChoice& choice);

// The longest frames that are scored as a whole, as long side over short side. Time and memory of a
// clip grow with it.
constexpr int kMaxWholeFrameAspect = 8;

// Returns the size of complete frames whose short side is resized to `short_side` pixels: the long
// side becomes the whole part of long side x short_side / short side. Throws an input error if the
// frames have no pixels or are longer than kMaxWholeFrameAspect.
FrameSize WholeFrameSize(FrameSize frame, int short_side);

// Returns squares of `short_side` pixels that together show the complete resized frame, in order
// along its long side. The last one ends where the frame ends, so it may overlap the one before.
// All are windows of one resized region, so a frame is decoded once. Throws as WholeFrameSize().
std::vector<CropPlan> WholeFrameTiles(FrameSize frame, int short_side);

}  // namespace reel3d
