// Pictures of smooth noise from a formula of whole numbers. tests/golden/noise_picture.py has the
// same formula.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace reel3d::test {

// Returns a hash of a grid point: 0 .. 255.
inline uint32_t MixedPoint(uint32_t seed, uint32_t x, uint32_t y) {
  uint32_t value = seed * 0x9E3779B1U + x * 0x85EBCA77U + y * 0xC2B2AE3DU;
  value = (value ^ (value >> 15)) * 0x2C1B3C6DU;
  value = (value ^ (value >> 12)) * 0x297A2D39U;
  return (value ^ (value >> 15)) >> 24;
}

// Returns bilinear noise with a value every `cell` pixels.
inline uint32_t Noise(uint32_t seed, uint32_t x, uint32_t y, uint32_t cell) {
  const uint32_t left = x / cell;
  const uint32_t top = y / cell;
  const uint32_t u = x % cell;
  const uint32_t v = y % cell;
  const uint32_t upper =
      MixedPoint(seed, left, top) * (cell - u) + MixedPoint(seed, left + 1, top) * u;
  const uint32_t lower =
      MixedPoint(seed, left, top + 1) * (cell - u) + MixedPoint(seed, left + 1, top + 1) * u;
  return (upper * (cell - v) + lower * v) / (cell * cell);
}

// Returns noise of three scales: 0 .. 255.
inline uint32_t NoisePixel(uint32_t seed, uint32_t x, uint32_t y) {
  return (Noise(seed, x, y, 29) * 5 + Noise(seed + 1, x, y, 11) * 2 + Noise(seed + 2, x, y, 4)) / 8;
}

inline std::vector<float> NoisePicture(uint32_t seed, int width, int height) {
  std::vector<float> picture;
  picture.reserve(static_cast<size_t>(width) * height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      picture.push_back(
          static_cast<float>(NoisePixel(seed, static_cast<uint32_t>(x), static_cast<uint32_t>(y))));
    }
  }
  return picture;
}

}  // namespace reel3d::test
