// SPDX-License-Identifier: Apache-2.0
#include "lib/demo/synthetic_video.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "lib/base/error.h"
#include "lib/base/rng.h"

namespace reel3d {
namespace {

enum class Motion { kRising, kGrowing, kBrightening, kSplitting };

constexpr double kPi = 3.14159265358979323846;
constexpr std::array<std::array<int, 2>, 10> kSizes{{{160, 120},
                                                     {176, 144},
                                                     {200, 150},
                                                     {120, 160},
                                                     {192, 108},
                                                     {128, 128},
                                                     {240, 180},
                                                     {144, 176},
                                                     {96, 96},
                                                     {224, 126}}};
constexpr std::array<int, 6> kFrameRates{12, 15, 20, 24, 25, 30};

// Returns a random hue whose luma is about `luma`.
Rgb RandomColor(double luma, Rng* rng) {
  const double hue = rng->Uniform(0, 2 * kPi);
  const double strength = rng->Uniform(10, 60);
  Rgb color{};
  for (int channel = 0; channel < 3; ++channel) {
    const double value = luma + strength * std::cos(hue + channel * 2 * kPi / 3);
    color[channel] = static_cast<float>(std::clamp(value, 0., 255.));
  }
  return color;
}

// Makes smooth random hills of `cell` pixels each, with heights of about -1 .. 1.
class ValueNoise {
 public:
  ValueNoise(double cell, Rng* rng) : cell_(cell) {
    for (float& value : grid_) {
      value = static_cast<float>(rng->Uniform(-1, 1));
    }
  }
  float At(int x, int y) const {
    const double across = x / cell_;
    const double down = y / cell_;
    const int column = static_cast<int>(across);
    const int row = static_cast<int>(down);
    const auto blend_x = static_cast<float>(across - column);
    const auto blend_y = static_cast<float>(down - row);
    const float upper = Mix(Grid(column, row), Grid(column + 1, row), blend_x);
    const float lower = Mix(Grid(column, row + 1), Grid(column + 1, row + 1), blend_x);
    return Mix(upper, lower, blend_y);
  }

 private:
  static constexpr int kSide = 64;
  static float Mix(float a, float b, float share) { return a + (b - a) * share; }
  float Grid(int column, int row) const { return grid_[row % kSide * kSide + column % kSide]; }

  const double cell_;
  std::array<float, size_t{kSide} * kSide> grid_{};
};

// Draws a background that does not move: a gradient under noise, with faint shapes anywhere.
RgbImage DrawBackground(int width, int height, double luma, Rng* rng) {
  RgbImage image(width, height);
  const Rgb from = RandomColor(luma + rng->Uniform(-25, 25), rng);
  const Rgb to = RandomColor(luma + rng->Uniform(-25, 25), rng);
  const double angle = rng->Uniform(0, 2 * kPi);
  const ValueNoise noise(rng->Uniform(2.5, 16), rng);
  const double amplitude = rng->Uniform(0, 22);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double along =
          (std::cos(angle) * (x - width / 2.) + std::sin(angle) * (y - height / 2.)) /
          std::max(width, height);
      const double share = std::clamp(along + 0.5, 0., 1.);
      for (int channel = 0; channel < 3; ++channel) {
        const double value =
            from[channel] + share * (to[channel] - from[channel]) + amplitude * noise.At(x, y);
        image.at(x, y)[channel] = static_cast<uint8_t>(std::clamp(value, 0., 255.));
      }
    }
  }
  const int clutter = static_cast<int>(rng->Below(6));
  for (int i = 0; i < clutter; ++i) {
    Sprite sprite;
    sprite.shape = static_cast<Shape>(rng->Below(kNumShapes));
    sprite.color = RandomColor(luma + rng->Uniform(-40, 40), rng);
    sprite.x = static_cast<float>(rng->Uniform(0, width));
    sprite.y = static_cast<float>(rng->Uniform(0, height));
    sprite.radius = static_cast<float>(rng->Uniform(0.02, 0.08) * std::min(width, height));
    sprite.angle = static_cast<float>(rng->Uniform(0, 2 * kPi));
    sprite.opacity = 0.7F;
    Draw(sprite, &image);
  }
  return image;
}

// Describes how one video moves. Lengths are shares of the picture's shorter side.
struct Action {
  Motion motion;
  int num_sprites = 1;
  double angle = 0;   // of the motion's axis, radians, y downwards
  double radius = 0;  // of a sprite, if the motion does not change the radius
  double centre_x = 0, centre_y = 0;
};

Action DrawAction(Motion motion, Rng* rng) {
  Action action{motion};
  action.centre_x = rng->Uniform(-0.05, 0.05);
  action.centre_y = rng->Uniform(-0.05, 0.05);
  switch (motion) {
    case Motion::kRising:
      action.num_sprites = 1 + static_cast<int>(rng->Below(2));
      action.angle = -kPi / 2 + rng->Uniform(-0.2, 0.2);
      action.radius = rng->Uniform(0.09, 0.14);
      break;
    case Motion::kGrowing:
      break;
    case Motion::kBrightening:
      action.num_sprites = 1 + static_cast<int>(rng->Below(2));
      action.angle = rng->Uniform(0, 2 * kPi);
      action.radius = rng->Uniform(0.14, 0.2);
      break;
    case Motion::kSplitting:
      action.num_sprites = 2 + static_cast<int>(rng->Below(2));
      action.angle = rng->Uniform(0, 2 * kPi);
      action.radius = rng->Uniform(0.08, 0.11);
      break;
  }
  return action;
}

// Nothing is shown for a moment between cycles. So the jump back is not a motion, and the start and
// the end of each path are visible.
constexpr double kGap = 0.08;  // of a cycle, at its start and at its end

double Opacity(double phase) {
  constexpr double kFade = 0.05;
  return std::clamp((std::min(phase, 1 - phase) - kGap) / kFade, 0., 1.);
}

// Returns the share of the path that is done, 0 .. 1. It changes only while the sprite is shown.
double Progress(double phase) { return std::clamp((phase - kGap) / (1 - 2 * kGap), 0., 1.); }

// Returns a sprite's opacity when the share `progress` of its path is done.
double Strength(const Action& action, double progress) {
  return action.motion == Motion::kBrightening ? 0.1 + 0.9 * progress : 1;
}

// A Place is a sprite's position and size at one moment, in the unit of Action.
struct Place {
  double x = 0, y = 0, radius = 0;
};

Place PlaceAt(const Action& action, int number, double progress) {
  constexpr double kTravel = 0.54;
  constexpr double kApart = 0.3;
  double along = 0;
  double across = 0;
  double angle = action.angle;
  double radius = action.radius;
  switch (action.motion) {
    case Motion::kRising:
      along = kTravel * (progress - 0.5);
      across = action.num_sprites == 1 ? 0 : kApart * (number - 0.5);
      break;
    case Motion::kGrowing:
      radius = 0.05 + 0.32 * progress;
      break;
    case Motion::kBrightening:
      across = action.num_sprites == 1 ? 0 : 0.42 * (number - 0.5);
      break;
    case Motion::kSplitting:
      angle += number * 2 * kPi / action.num_sprites;
      along = 0.03 + 0.3 * progress;
      break;
  }
  return {action.centre_x + along * std::cos(angle) - across * std::sin(angle),
          action.centre_y + along * std::sin(angle) + across * std::cos(angle), radius};
}

// Chooses the look of one video at random.
Sprite DrawLook(double luma, Rng* rng) {
  Sprite sprite;
  sprite.shape = static_cast<Shape>(rng->Below(kNumShapes));
  sprite.texture = static_cast<Texture>(rng->Below(kNumTextures));
  sprite.color = RandomColor(luma, rng);
  sprite.second_color = RandomColor(luma + rng->Uniform(-35, 35), rng);
  sprite.angle = static_cast<float>(rng->Uniform(0, 2 * kPi));
  return sprite;
}

int DrawLength(Rng* rng) {
  const bool is_short = rng->Uniform() < 0.15;  // shorter than a clip of 16 frames
  return static_cast<int>(is_short ? 10 + rng->Below(6) : 16 + rng->Below(45));
}

}  // namespace

const std::vector<std::string>& SyntheticClasses() {
  static const std::vector<std::string> classes{"rising",      "falling", "growing",   "shrinking",
                                                "brightening", "dimming", "splitting", "merging"};
  return classes;
}

SyntheticVideo DrawForward(int pair, uint64_t seed, uint64_t key) {
  REEL3D_CHECK(pair >= 0 && pair < 4);
  Rng rng(seed, key);
  const auto& [width, height] = kSizes[rng.Below(kSizes.size())];
  SyntheticVideo video;
  video.fps = kFrameRates[rng.Below(kFrameRates.size())];
  const int length = DrawLength(&rng);
  const auto motion = static_cast<Motion>(pair);
  const auto cycle = static_cast<double>(12 + rng.Below(7));  // frames
  const double start = rng.Uniform();
  const bool dark_scene = rng.Below(2) == 0;
  const RgbImage background =
      DrawBackground(width, height, dark_scene ? rng.Uniform(35, 85) : rng.Uniform(165, 205), &rng);
  Sprite sprite = DrawLook(dark_scene ? rng.Uniform(170, 225) : rng.Uniform(25, 80), &rng);
  const Action action = DrawAction(motion, &rng);
  const double unit = std::min(width, height);
  for (int frame = 0; frame < length; ++frame) {
    double whole = 0;
    const double phase = std::modf(start + frame / cycle, &whole);
    RgbImage& image = video.frames.emplace_back(background);
    std::vector<ShapeBox>& boxes = video.boxes.emplace_back();
    sprite.opacity = static_cast<float>(Opacity(phase) * Strength(action, Progress(phase)));
    for (int number = 0; number < action.num_sprites; ++number) {
      const Place place = PlaceAt(action, number, Progress(phase));
      sprite.x = static_cast<float>(width / 2. + unit * place.x);
      sprite.y = static_cast<float>(height / 2. + unit * place.y);
      sprite.radius = static_cast<float>(unit * place.radius);
      Draw(sprite, &image);
      if (sprite.opacity > 0) {
        boxes.push_back({sprite.x - sprite.radius, sprite.y - sprite.radius,
                         sprite.x + sprite.radius, sprite.y + sprite.radius});
      }
    }
  }
  return video;
}

SyntheticVideo DrawSyntheticVideo(int class_index, uint64_t seed, int index) {
  const uint64_t key = StableHash(SyntheticClasses()[class_index]) + static_cast<uint64_t>(index);
  SyntheticVideo video = DrawForward(class_index / 2, seed, key);
  if (class_index % 2 == 1) {
    std::reverse(video.frames.begin(), video.frames.end());
    std::reverse(video.boxes.begin(), video.boxes.end());
  }
  return video;
}

// The weights are those of ITU-R BT.601, with 16 fractional bits. Chroma is the mean of 2x2 pixels.
std::vector<uint8_t> ToYuv420(const RgbImage& image) {
  const size_t luma_bytes = size_t(image.width) * image.height;
  std::vector<uint8_t> planes(luma_bytes + luma_bytes / 2);
  uint8_t* luma = planes.data();
  uint8_t* cb = luma + luma_bytes;
  uint8_t* cr = cb + luma_bytes / 4;
  for (int y = 0; y < image.height; y += 2) {
    for (int x = 0; x < image.width; x += 2) {
      std::array<int, 3> sum{};
      for (int corner = 0; corner < 4; ++corner) {
        const int column = x + corner % 2;
        const int row = y + corner / 2;
        const uint8_t* rgb = image.at(column, row);
        luma[size_t(row) * image.width + column] = static_cast<uint8_t>(
            (16829 * rgb[0] + 33039 * rgb[1] + 6416 * rgb[2] + (16 << 16) + (1 << 15)) >> 16);
        for (int channel = 0; channel < 3; ++channel) {
          sum[channel] += rgb[channel];
        }
      }
      constexpr int kMiddle = (128 << 18) + (1 << 17);
      *cb++ =
          static_cast<uint8_t>((-9714 * sum[0] - 19071 * sum[1] + 28784 * sum[2] + kMiddle) >> 18);
      *cr++ =
          static_cast<uint8_t>((28784 * sum[0] - 24103 * sum[1] - 4681 * sum[2] + kMiddle) >> 18);
    }
  }
  return planes;
}

}  // namespace reel3d
