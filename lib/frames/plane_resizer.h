// Resizes the planes Y, Cb and Cr, whose resolutions differ, by an antialiased filter (the triangle
// filter of PIL's BILINEAR), and converts the resized planes to RGB.
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

// The resize of one axis: `length` samples from `begin` on become `resized` outputs. Only the
// outputs from `window` on are needed. `begin` and `length` are in samples of the plane, and may be
// fractions.
struct AxisPlan {
  double begin = 0, length = 0;
  int resized = 0, window = 0;
};

// The samples and weights of each output of an axis: output i is the sum over k of weight[i][k] *
// sample[first[i] + k], divided by 128. The weights of an output sum up to 128.
struct PlaneTaps {
  int num_groups = 0;
  std::array<int, kMaxOutput> first{};
  std::array<std::array<int8_t, kMaxTaps>, kMaxOutput> weight{};

  // Makes the taps of `count` outputs from a line of `size` samples, mirrored if `flip`. Returns
  // false if an output needs more than kMaxTaps samples, `count` is above kMaxOutput, or `size` is
  // too small.
  bool Make(const AxisPlan& axis, int size, int count, bool flip);
};

// The pixels of a plane. There is room to the right for complete vectors, and for MCUs that the
// inverse transform writes although the crop does not need them (8 of 16 pixels).
struct Plane {
  static constexpr int kRunOver = 8 * 16 + 32;

  std::vector<uint8_t> pixels;
  int width = 0, height = 0, stride = 0;

  void Resize(int new_width, int new_height);
};

// The filter along rows, expressed as shuffles of bytes: each 128 bits of a vector make 4 outputs
// from one window of 16 bytes.
struct RowPlan {
  struct Group {                // 16 outputs
    std::array<int, 4> window;  // first sample for outputs 0-3, 8-11, 4-7, 12-15
    alignas(32) uint8_t shuffle[2][32];
    alignas(32) int8_t weight[kMaxTapGroups][2][32];
  };
  std::vector<Group> groups;

  void Make(const PlaneTaps& taps, int count);
};

// Number of samples of a plane.
struct PlaneSize {
  int width = 0, height = 0;
};

// The filters that turn one plane into size x size outputs.
struct PlaneFilter {
  PlaneTaps rows;     // vertical filter
  PlaneTaps columns;  // horizontal filter; `plan` is made from it
  RowPlan plan;
  int begin = 0, end = 0;  // columns of the plane that the outputs may need

  bool Make(const AxisPlan& horizontal, const AxisPlan& vertical, PlaneSize plane, int size,
            bool flip);
  // Makes the filter read from samples further right and further down.
  void Move(int right, int down, int size);
};

// Keeps a row of each plane. Use one resizer per thread.
class PlaneResizer {
 public:
  // Writes size x size red pixels at `out`, green at out_stride behind red, blue at out_stride
  // behind green. Filters Y by `luma`, Cb and Cr by `chroma`. Every set of vector instructions
  // gives the same bytes.
  void Resize(const std::array<Plane, 3>& planes, const PlaneFilter& luma,
              const PlaneFilter& chroma, int size, uint8_t* out, int64_t out_stride);

 private:
  std::array<std::vector<uint8_t>, 3> rows_;
};

}  // namespace reel3d::jpeg
