// Antialiased resize (the triangle filter of PIL's BILINEAR) of Y, Cb and Cr planes of different
// resolution, and the conversion to RGB, at the resolution that comes out.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace reel3d::jpeg {

constexpr int kMaxOutput = 256;  // output size: a multiple of 16 up to this
constexpr int kTapsInGroup = 4;  // filters have one or two groups
constexpr int kMaxTapGroups = 2;
constexpr int kMaxTaps = kTapsInGroup * kMaxTapGroups;

// One axis: `length` samples from `begin` on become `resized` outputs, of which those from `window`
// on are wanted. In samples of a plane, which may begin within one.
struct AxisPlan {
  double begin = 0, length = 0;
  int resized = 0, window = 0;
};

// Which samples make each output of an axis: output i is the sum over k of weight[i][k] *
// sample[first[i] + k], divided by 128. Weights of an output sum up to 128.
struct PlaneTaps {
  int num_groups = 0;
  std::array<int, kMaxOutput> first{};
  std::array<std::array<int8_t, kMaxTaps>, kMaxOutput> weight{};

  // For `count` outputs out of a line of `size` samples, none of them from outside the axis. False
  // if it takes more than kMaxTaps.
  bool Make(const AxisPlan& axis, int size, int count, bool flip);
};

// A plane's pixels, with room to the right for whole vectors and for what the inverse transform
// writes of MCUs that nobody needs (8 of 16 pixels).
struct Plane {
  static constexpr int kRunOver = 8 * 16 + 32;

  std::vector<uint8_t> pixels;
  int width = 0, height = 0, stride = 0;

  void Resize(int new_width, int new_height);
};

// The filter along rows as shuffles of bytes: each 128 bits of a vector make 4 outputs out of one
// window of 16 bytes.
struct RowPlan {
  struct Group {                // 16 outputs
    std::array<int, 4> window;  // of outputs 0-3, 8-11, 4-7, 12-15
    alignas(32) uint8_t shuffle[2][32];
    alignas(32) int8_t weight[kMaxTapGroups][2][32];
  };
  std::vector<Group> groups;

  void Make(const PlaneTaps& taps, int count);
};

// What one plane needs to become size x size outputs.
struct PlaneFilter {
  PlaneTaps rows;     // down the plane
  PlaneTaps columns;  // along its rows; `plan` is made of it
  RowPlan plan;

  bool Make(const AxisPlan& horizontal, const AxisPlan& vertical, const Plane& plane, int size,
            bool flip);
};

// One a thread: keeps a row of each plane.
class PlaneResizer {
 public:
  // Writes size x size red pixels at `out`, green out_stride later, then blue. Y by `luma`, Cb and
  // Cr by `chroma`. The same bytes with every set of vector instructions.
  void Resize(const std::array<Plane, 3>& planes, const PlaneFilter& luma,
              const PlaneFilter& chroma, int size, uint8_t* out, int64_t out_stride);

 private:
  std::array<std::vector<uint8_t>, 3> rows_;
};

}  // namespace reel3d::jpeg
