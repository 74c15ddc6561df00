// SPDX-License-Identifier: Apache-2.0
#include "lib/video/frame_pacer.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "lib/base/error.h"

namespace reel3d {
namespace {

bool ParseWhole(const std::string& text, int* value) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, *value);
  return error == std::errc() && stop == end && *value > 0;
}

// Six decimals distinguish all rates in use.
bool ParseDecimal(const std::string& text, FrameRate* rate) {
  constexpr int kUnit = 1'000'000;
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
  if (error != std::errc() || stop != end || !(value > 0 && value < 1e3)) {
    return false;
  }
  const int millionths = static_cast<int>(std::lround(value * kUnit));
  const int divisor = std::gcd(millionths, kUnit);
  *rate = {millionths / divisor, kUnit / divisor};
  return true;
}

}  // namespace

FrameRate ParseFrameRate(const std::string& text) {
  constexpr double kLowest = 0.01;
  constexpr double kHighest = 500;
  FrameRate rate;
  const size_t slash = text.find('/');
  const bool parsed = slash == std::string::npos
                          ? ParseDecimal(text, &rate)
                          : ParseWhole(text.substr(0, slash), &rate.num) &&
                                ParseWhole(text.substr(slash + 1), &rate.den);
  const bool usable = parsed && rate.PerSecond() >= kLowest && rate.PerSecond() <= kHighest;
  return usable ? rate : FrameRate{};
}

FramePacer::FramePacer(const FrameRate& rate, double source_step_s)
    : step_s_(1 / rate.PerSecond()), source_step_s_(std::min(source_step_s, kLongestHold_s)) {}

int64_t FramePacer::NumUntil(double end_s) {
  // Half way between two frames the earlier one is shown, however times are rounded.
  constexpr double kRounding = 1e-6;
  const auto end = static_cast<int64_t>(std::floor(end_s / step_s_ + kRounding)) + 1;
  const int64_t count = std::max<int64_t>(0, end - num_shown_);
  num_shown_ += count;
  const double most_s = kFreeHold_s + kAverageHold_s * static_cast<double>(num_frames_);
  if (static_cast<double>(num_shown_) * step_s_ > most_s) {
    throw InputError(fmt::format(
        "its {} frames are to be shown for more than {:.0f} s: take them as they are, with --fps "
        "source",
        num_frames_, most_s));
  }
  return count;
}

int64_t FramePacer::NumBefore(double time_s) {
  ++num_frames_;
  if (!any_) {
    any_ = true;
    raw_s_ = time_s;
    return 0;
  }
  const double said_s = time_s - raw_s_;
  const bool believable = said_s <= kLongestHold_s && said_s >= -kMostDisorder * source_step_s_;
  const double later_s = believable ? said_s : source_step_s_;
  const int64_t count = NumUntil(time_s_ + later_s / 2);
  raw_s_ = time_s;
  time_s_ += later_s;
  return count;
}

// The last frame is shown for the average time of a frame, less half a step of the even rate, so
// that n frames at that rate give n frames again.
int64_t FramePacer::NumLast() {
  const int64_t count = NumUntil(time_s_ + source_step_s_ - step_s_ / 2);
  if (num_shown_ > 0) {
    return count;
  }
  num_shown_ = 1;
  return 1;
}

}  // namespace reel3d
