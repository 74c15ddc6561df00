// Draws simple textured shapes with smooth edges into RGB pictures, for synthetic videos. This is
// not a general drawing library.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace reel3d {

using Rgb = std::array<float, 3>;  // 0 .. 255

struct RgbImage {
  RgbImage(int image_width, int image_height)
      : width(image_width), height(image_height), pixels(size_t(image_width) * image_height * 3) {}
  uint8_t* at(int x, int y) { return pixels.data() + (size_t(y) * width + x) * 3; }
  const uint8_t* at(int x, int y) const { return pixels.data() + (size_t(y) * width + x) * 3; }

  int width, height;            // pixels
  std::vector<uint8_t> pixels;  // R, G, B, row by row
};

enum class Shape { kDisc, kSquare, kTriangle, kRing, kCross };
constexpr int kNumShapes = 5;
enum class Texture { kPlain, kStripes, kChecks, kShaded };
constexpr int kNumTextures = 4;

struct Sprite {
  Shape shape = Shape::kDisc;
  Texture texture = Texture::kPlain;
  Rgb color{}, second_color{};  // the texture mixes the two
  float x = 0, y = 0;           // centre, pixels
  float radius = 1;             // of the circle around the shape, pixels
  float angle = 0;              // radians
  float opacity = 1;            // 0 .. 1
};

// Blends the sprite into the picture; parts outside of the picture are cut off.
void Draw(const Sprite& sprite, RgbImage* image);

}  // namespace reel3d
