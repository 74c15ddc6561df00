// Draws the demo's actions: eight classes in four pairs. The two classes of a pair differ only in
// the order of their frames, so that only a network that sees time can tell them apart.
//
// A video of a pair's second class is one of the first class played backwards, drawn from the same
// distribution of scenes. Mirroring changes no class into another. Every action repeats in cycles
// of 12 to 18 frames, so that any 16 frames show it, and stays within the central square.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/demo/sprite.h"

namespace reel3d {

// Returns rising, falling, growing, shrinking, brightening, dimming, splitting, merging. Classes 2p
// and 2p + 1 are pair p.
const std::vector<std::string>& SyntheticClasses();

// ShapeBox is the square around the circle around a shape, in pixels. It may reach over the
// picture.
struct ShapeBox {
  float left = 0, top = 0, right = 0, bottom = 0;
};

struct SyntheticVideo {
  int fps = 25;  // 12 .. 30
  // 10 .. 60 frames of one size. Width and height are even, 96 .. 240 pixels.
  std::vector<RgbImage> frames;
  // The moving shapes of each frame; empty for frames that show none.
  std::vector<std::vector<ShapeBox>> boxes;
};

// Draws a video of the first class of `pair`. `seed` and `key` decide everything else.
SyntheticVideo DrawForward(int pair, uint64_t seed, uint64_t key);

// Draws video `index` of a class; scenes of different classes and indices are independent.
SyntheticVideo DrawSyntheticVideo(int class_index, uint64_t seed, int index);

// Converts the picture to planar 4:2:0, limited-range BT.601, as video encoders take it: plane
// after plane without padding.
std::vector<uint8_t> ToYuv420(const RgbImage& image);

}  // namespace reel3d
