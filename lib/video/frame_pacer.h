// Converts a video of any rate, even a varying one, to an even rate: at each time of the result it
// shows the nearest frame of the source. This is pure arithmetic on times.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace reel3d {

struct FrameRate {
  int num = 0, den = 1;  // frames per second; 0/1: unknown

  double PerSecond() const { return double(num) / den; }
};

// Reads "25", "29.97" or "30000/1001". Returns 0/1 unless it is a rate between 1/100 and 500
// (prepared videos count time in milliseconds).
FrameRate ParseFrameRate(const std::string& text);

class FramePacer {
 public:
  // A larger step of the source's clock is treated as a fault, and so is a step backwards by more
  // than kMostDisorder frames (tools cut and join files but keep their times). The next frame then
  // follows one source_step_s later. So no frame is lost, and no file can ask for endless frames.
  static constexpr double kLongestHold_s = 10;
  static constexpr int kMostDisorder = 5;  // frames

  // NumBefore() and NumLast() refuse a video that would last longer than kFreeHold_s plus
  // kAverageHold_s for each frame of the source.
  static constexpr double kAverageHold_s = 2;
  static constexpr double kFreeHold_s = 600;

  // `source_step_s` is the average time for which a frame of the source is shown.
  FramePacer(const FrameRate& rate, double source_step_s);

  // Takes the time of the next frame (seconds, on any clock). Returns how often the previous frame
  // is shown at the even rate; 0 if there is none. Throws an input error if the video would become
  // too long.
  int64_t NumBefore(double time_s);
  // Returns how often the last frame is shown. At least one frame is shown if there are any. Throws
  // as NumBefore() does.
  int64_t NumLast();

 private:
  int64_t NumUntil(double end_s);

  const double step_s_;         // of the even rate
  const double source_step_s_;  // of the source
  bool any_ = false;
  double raw_s_ = 0;        // of the previous frame, on the source's clock
  double time_s_ = 0;       // of the previous frame, from the first frame on, without clock faults
  int64_t num_shown_ = 0;   // at the even rate
  int64_t num_frames_ = 0;  // of the source
};

}  // namespace reel3d
