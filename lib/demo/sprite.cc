// SPDX-License-Identifier: Apache-2.0
#include "lib/demo/sprite.h"

#include <algorithm>
#include <cmath>

namespace reel3d {
namespace {

// Returns the distance from the outline of the shape inscribed in the unit circle, negative inside.
// It is exact on the outline, which is all that smooth edges need.
float SignedDistance(Shape shape, float x, float y) {
  constexpr float kHalfDiagonal = 0.7071F;
  constexpr float kSqrt3 = 1.7321F;
  const float distance = std::sqrt(x * x + y * y);
  const float across = std::abs(x);
  const float along = std::abs(y);
  switch (shape) {
    case Shape::kDisc:
      return distance - 1;
    case Shape::kSquare:
      return std::max(across, along) - kHalfDiagonal;
    case Shape::kTriangle:
      return std::max(y, (kSqrt3 * across - y) / 2) - 0.5F;
    case Shape::kRing:
      return std::abs(distance - 0.75F) - 0.25F;
    case Shape::kCross:
      return std::max(std::min(across, along) - 0.3F, std::max(across, along) - 0.95F);
  }
  return 1;
}

// Returns the share of the second colour, 0 .. 1.
float TextureValue(Texture texture, float x, float y) {
  constexpr float kPerUnit = 2.5F;
  const auto stripe = [](float at) { return static_cast<int>(std::floor(at * kPerUnit)) & 1; };
  switch (texture) {
    case Texture::kPlain:
      return 0;
    case Texture::kStripes:
      return static_cast<float>(stripe(x));
    case Texture::kChecks:
      return static_cast<float>(stripe(x) ^ stripe(y));
    case Texture::kShaded:
      return std::clamp(0.5F + 0.5F * y, 0.F, 1.F);
  }
  return 0;
}

}  // namespace

void Draw(const Sprite& sprite, RgbImage* image) {
  const int left = std::max(0, static_cast<int>(sprite.x - sprite.radius - 1));
  const int right = std::min(image->width - 1, static_cast<int>(sprite.x + sprite.radius + 2));
  const int top = std::max(0, static_cast<int>(sprite.y - sprite.radius - 1));
  const int bottom = std::min(image->height - 1, static_cast<int>(sprite.y + sprite.radius + 2));
  const float cosine = std::cos(sprite.angle) / sprite.radius;
  const float sine = std::sin(sprite.angle) / sprite.radius;
  for (int row = top; row <= bottom; ++row) {
    for (int column = left; column <= right; ++column) {
      const float dx = static_cast<float>(column) - sprite.x;
      const float dy = static_cast<float>(row) - sprite.y;
      const float x = cosine * dx + sine * dy;
      const float y = cosine * dy - sine * dx;
      const float inside = 0.5F - SignedDistance(sprite.shape, x, y) * sprite.radius;
      const float cover = std::clamp(inside, 0.F, 1.F) * sprite.opacity;
      if (cover <= 0) {
        continue;
      }
      const float second = TextureValue(sprite.texture, x, y);
      uint8_t* pixel = image->at(column, row);
      for (int channel = 0; channel < 3; ++channel) {
        const float paint =
            sprite.color[channel] + second * (sprite.second_color[channel] - sprite.color[channel]);
        const auto under = static_cast<float>(pixel[channel]);
        pixel[channel] = static_cast<uint8_t>(under + cover * (paint - under) + 0.5F);
      }
    }
  }
}

}  // namespace reel3d
