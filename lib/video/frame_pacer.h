// Chooses the frames of a video of any rate, even a varying one, that make a video of an even rate:
// at each of its times the nearest frame is shown. This is pure arithmetic on times.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace reel3d {

struct FrameRate {
  int num = 0, den = 1;  // frames per second; 0/1 unknown

  double PerSecond() const { return double(num) / den; }
};

// "25", "29.97" or "30000/1001"; 0/1 unless it is a rate between 1/100 and 500 (prepared videos
// count time in milliseconds).
FrameRate ParseFrameRate(const std::string& text);

class FramePacer {
 public:
  // A larger step of the source's clock, or one backwards by more than frames out of order have, is
  // taken for a fault of the clock (files are cut and joined by tools that leave their times as
  // they were): the next frame then follows one source_step_s later. So no frame is lost to it, and
  // no file can ask for frames without end.
  static constexpr double kLongestHold_s = 10;
  static constexpr int kMostDisorder = 5;  // frames

  // A video that holds its frames for longer than this on average, and is longer than kFreeHold_s,
  // is refused by NumBefore() and NumLast().
  static constexpr double kAverageHold_s = 2;
  static constexpr double kFreeHold_s = 600;

  // `source_step_s`: how long a frame of the source is shown, on average.
  FramePacer(const FrameRate& rate, double source_step_s);

  // Throws an input error where a few frames ask for too many.
  //
  // How often the frame before this one is shown at the even rate, once this one's time (seconds,
  // on any clock) is known; 0 for the first frame, which has none before it.
  int64_t NumBefore(double time_s);
  // How often the last frame is shown. Of any frames at all at least one is.
  int64_t NumLast();

 private:
  int64_t NumUntil(double end_s);

  const double step_s_;         // of the even rate
  const double source_step_s_;  // of the source
  bool any_ = false;
  double raw_s_ = 0;        // of the frame before, on the source's clock
  double time_s_ = 0;       // the same from the first frame on, without the clock's faults
  int64_t num_shown_ = 0;   // at the even rate
  int64_t num_frames_ = 0;  // of the source
};

}  // namespace reel3d
