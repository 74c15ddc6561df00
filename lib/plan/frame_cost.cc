// SPDX-License-Identifier: Apache-2.0
#include "lib/plan/frame_cost.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace reel3d::plan {
namespace {

struct Sample {
  double x, y;
};

// Interpolates linearly. The line through the first or last two samples continues beyond them, but
// not below a tenth of the lower one of the two.
template <size_t n>
double Interpolate(const std::array<Sample, n>& samples, double x) {
  size_t next = 1;
  while (next + 1 < n && x > samples[next].x) {
    ++next;
  }
  const Sample& low = samples[next - 1];
  const Sample& high = samples[next];
  const double y = low.y + (x - low.x) * (high.y - low.y) / (high.x - low.x);
  return std::max(y, std::min(low.y, high.y) / 10);
}

// kB of a frame of 360 lines, by quality.
constexpr std::array<Sample, 4> kKilobytes = {{{60, 15.9}, {75, 20.0}, {85, 26.1}, {90, 32.5}}};
// Milliseconds of a core per frame, to height 360, by lines of the source.
constexpr std::array<Sample, 3> kPrep = {{{240, 0.91}, {720, 3.35}, {1080, 4.66}}};
// Clips per second and core, of frames of 360 lines, by quality.
constexpr std::array<Sample, 4> kLoader = {{{60, 904}, {75, 822}, {85, 681}, {90, 612}}};
constexpr double kHeight = 360;
// Milliseconds of a core to encode, write and check a stored pixel, and to do the rest of the work
// on a small frame. 400 drawn videos of 96 to 240 pixels took 0.222, 0.239 and 0.448 ms a frame
// when stored with 6,669, 18,549 and 74,148 pixels.
constexpr double kEncode = 3.3e-6;
constexpr double kLeastDecode = 0.2;
constexpr double kUsualShape = 16.0 / 9;
constexpr double kHeaderBytes = 600;  // of a JPEG: its tables, and the frame's offset
// From 360 to 240 lines at quality 90: 32.5 to 18.3 kB, 612 to 923 clips/s. Without the headers,
// the power also fits drawn videos at heights 72, 120 and 240.
constexpr double kBytesPower = 1.453;
constexpr double kLoaderPower = -1.013;

}  // namespace

double FrameBytes(double height, double quality) {
  const double pixels = 1000 * Interpolate(kKilobytes, quality) - kHeaderBytes;
  return kHeaderBytes + pixels * std::pow(height / kHeight, kBytesPower);
}

double ConvertFrameBytes(double size_bytes, const FrameForm& from, const FrameForm& to) {
  const double headers = std::min(kHeaderBytes, size_bytes / 2);
  return headers + (size_bytes - headers) * (FrameBytes(to.height, to.quality) - kHeaderBytes) /
                       (FrameBytes(from.height, from.quality) - kHeaderBytes);
}

double PrepMilliseconds(double source_lines, double height, double shape) {
  const double decode =
      Interpolate(kPrep, source_lines) - kEncode * kUsualShape * kHeight * kHeight;
  return std::max(decode, kLeastDecode) + kEncode * shape * height * height;
}

double LoaderClipsPerSecond(double height, double quality) {
  return Interpolate(kLoader, quality) * std::pow(height / kHeight, kLoaderPower);
}

}  // namespace reel3d::plan
